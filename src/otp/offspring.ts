/**
 * The children of one supervisor: those that live, in the order in which they were started, and how
 * they are stopped. What to start and when is the supervisor's affair.
 */
import type { Timers } from "../core/env.ts";
import { affected, type Strategy } from "../core/strategies.ts";
import type { ChildRecord, Parenthood } from "./blueprint.ts";
import type { Shutdown } from "./definition.ts";
import { type ExitReason, shutdown as shutdownReason } from "./exit-reason.ts";
import type { Life } from "./life.ts";
import type { ActorRef } from "./ref.ts";

/** What a parent needs of a running child. */
export interface Child {
  readonly ref: ActorRef;
  readonly life: Life;
  start(): ActorRef | Promise<ActorRef>;
  /** Calls back when it has ended; at once when it has already. */
  onEnd(ended: () => void): void;
}

export class Offspring<C extends Child> implements Parenthood {
  private readonly spawn: (record: ChildRecord) => C;
  private readonly own: Life;
  private readonly timers: Timers;
  private readonly living = new Map<number, C>();
  private records: () => readonly ChildRecord[] = () => [];
  private strategy: Strategy = "one_for_one";

  constructor(own: Life, timers: Timers, spawn: (record: ChildRecord) => C) {
    this.own = own;
    this.timers = timers;
    this.spawn = spawn;
  }

  get leaving(): boolean {
    return this.own.over;
  }

  start(record: ChildRecord): ActorRef | Promise<ActorRef> {
    const child = this.spawn(record);
    this.living.set(child.ref.serial, child);
    return child.start();
  }

  stop(ref: ActorRef, shutdown: Shutdown): Promise<void> {
    const child = this.living.get(ref.serial);
    return child === undefined
      ? Promise.resolve()
      : stopActor(child, shutdownReason, shutdown, this.timers);
  }

  show(records: () => readonly ChildRecord[], strategy: Strategy): void {
    this.records = records;
    this.strategy = strategy;
  }

  /** Forgets one that has ended. */
  remove(child: C): void {
    this.living.delete(child.ref.serial);
  }

  /** Those that live, the first started first. */
  list(): C[] {
    return [...this.living.values()];
  }

  /** All that the supervisor knows of, also those that do not run. */
  known(): readonly ChildRecord[] {
    return this.records();
  }

  /** Ids of the children that go down and up with the one of that id; undefined: there is none. */
  tiedTo(id: string): readonly string[] | undefined {
    const records = this.records();
    const at = records.findIndex(({ spec }) => spec.id === id);
    if (at < 0) return undefined;
    return affected(this.strategy, records, at).map(({ spec }) => spec.id);
  }

  /** Has those leave that are still in `init`: their parent waits for them and cannot be told. */
  dismissStarting(): void {
    for (const child of this.list()) {
      if (child.life.phase === "starting") child.life.leave(shutdownReason);
    }
  }

  killAll(): void {
    for (const child of this.list().reverse()) child.life.kill();
  }
}

/** Orders an orderly stop, kills when it takes longer than `shutdown`; resolves at its end. */
export function stopActor(
  actor: Child,
  reason: ExitReason,
  shutdown: Shutdown,
  timers: Timers,
): Promise<void> {
  return new Promise((resolve) => {
    if (shutdown === "brutal_kill") actor.life.kill();
    else actor.life.leave(reason, { watched: true });
    if (actor.life.phase === "ended" || typeof shutdown !== "number") {
      actor.onEnd(resolve);
      return;
    }
    const timer = timers.set(shutdown, () => actor.life.kill());
    actor.onEnd(() => {
      timers.cancel(timer);
      resolve();
    });
  });
}

/**
 * A running actor: one life, from before its `init` to after its last code. It holds the parts
 * together: the inbox, the loop that works it off, the ties to others, the way it ends.
 */
import type { Clock, Timers } from "../core/env.ts";
import { ActorSelf } from "./actor-self.ts";
import {
  type Blueprint,
  blueprintOf,
  type ChildRecord,
  childless,
  type ErasedBehaviour,
  type History,
} from "./blueprint.ts";
import type { Envelope } from "./envelope.ts";
import { NoSuchActor, StartFailed } from "./errors.ts";
import { crashed, type ExitReason, isAbnormal } from "./exit-reason.ts";
import { Inbox } from "./inbox.ts";
import type { Kernel } from "./kernel.ts";
import { Life, type Mortal } from "./life.ts";
import { type LoopHost, MessageLoop } from "./message-loop.ts";
import { type Child, Offspring } from "./offspring.ts";
import type { ActorRef } from "./ref.ts";
import { type Linkable, Ties } from "./ties.ts";
import type { Turn } from "./turns.ts";

export interface Birth {
  readonly blueprint: Blueprint;
  readonly path: string;
  readonly parent?: Process;
  /** What its supervisor keeps of it; none for a root. */
  readonly record?: ChildRecord;
}

export class Process implements Child, Linkable, LoopHost, Mortal {
  readonly ref: ActorRef;
  readonly name: string | undefined;
  readonly kind: "worker" | "supervisor";
  readonly record: ChildRecord | undefined;
  /** Its supervisor; none for a root. */
  readonly parent: Process | undefined;
  readonly history: History;
  readonly kernel: Kernel<Process>;
  readonly behaviour: ErasedBehaviour;
  readonly life: Life;
  readonly inbox: Inbox;
  readonly loop: MessageLoop;
  readonly ties = new Ties();
  readonly turn: Turn;
  /** Of a supervisor alone. */
  readonly offspring: Offspring<Process> | undefined;
  trapsExits: boolean;
  private initialising = false;
  private started = false;
  private startError: unknown;
  private failStart: ((error: unknown) => void) | undefined;
  private enders: (() => void)[] | undefined;

  /** @throws NameTaken. */
  constructor(kernel: Kernel<Process>, birth: Birth) {
    const { blueprint, parent, record, path } = birth;
    const { node, boot } = kernel.system;
    const { timers } = kernel.env;
    const supervises = blueprint.kind === "supervisor";
    this.kernel = kernel;
    this.ref = { node, boot, path, serial: kernel.nextId() };
    this.name = blueprint.name;
    this.kind = blueprint.kind;
    this.parent = parent;
    this.record = record;
    this.history = record?.history ?? { restarts: 0, lastCrash: undefined };
    this.trapsExits = supervises;
    this.life = new Life(this, timers, !supervises);
    this.inbox = new Inbox(blueprint.mailboxMax);
    this.loop = new MessageLoop(this);
    this.loop.tracer = kernel.tracers.at(path);
    this.offspring = supervises
      ? new Offspring(this.life, timers, (child) => this.beget(child))
      : undefined;
    this.behaviour = blueprint.create(this.offspring ?? childless);
    kernel.registry.add(this);
    this.turn = kernel.turns.spawn(this.ref.serial, () => this.loop.run());
  }

  get clock(): Clock {
    return this.kernel.env.clock;
  }

  get timers(): Timers {
    return this.kernel.env.timers;
  }

  /** Runs `init`; a promise only when that gives one. @throws what `init` throws. */
  start(): ActorRef | Promise<ActorRef> {
    this.initialising = true;
    let state: unknown;
    try {
      state = this.behaviour.init(new ActorSelf(this));
    } catch (error) {
      this.initFailed(error);
      throw error;
    }
    if (!(state instanceof Promise) && this.begin(state)) return this.ref;
    return new Promise((resolve, reject) => {
      this.failStart = reject;
      if (this.life.phase === "ended") reject(this.startFailure());
      if (!(state instanceof Promise)) return;
      state.then(
        (made: unknown) => {
          if (this.begin(made)) resolve(this.ref);
        },
        (error: unknown) => this.initFailed(error),
      );
    });
  }

  /** Takes a message from anyone: refused when the mailbox is full or the actor is ending. */
  accept(envelope: Envelope): void {
    if (this.offer(envelope)) this.loop.wake();
  }

  /** As `accept`; where the actor is idle, the message has been handled on return, or is waited for. */
  acceptAtOnce(envelope: Envelope): void {
    if (!this.loop.takeAtOnce(envelope)) this.accept(envelope);
  }

  /** Takes what must not be refused: see `Inbox.put`. */
  inform(envelope: Envelope): void {
    if (this.life.over) return;
    this.inbox.put(envelope);
    this.loop.wake();
  }

  /** An exit signal: from a link, from a child, or by `exit`. */
  signal(from: ActorRef<unknown>, reason: ExitReason): void {
    if (this.trapsExits) {
      this.inform({ kind: "info", message: { type: "EXIT", from, reason } });
    } else if (reason.kind !== "normal") {
      this.life.leave(reason, { terminate: false });
    }
  }

  onEnd(ended: () => void): void {
    if (this.life.phase === "ended") {
      ended();
      return;
    }
    this.enders ??= [];
    this.enders.push(ended);
  }

  get busy(): boolean {
    return this.initialising || this.loop.busy;
  }

  close(reason: ExitReason): void {
    this.inbox.refuseQueued(reason);
    if (isAbnormal(reason)) this.inbox.refuseOpen(reason);
    this.offspring?.dismissStarting();
  }

  terminate(reason: ExitReason): void | Promise<void> {
    return this.started ? this.behaviour.terminate?.(this.loop.state, reason) : undefined;
  }

  terminateFailed(error: unknown): ExitReason {
    return this.report(error, "terminate");
  }

  killChildren(): void {
    this.offspring?.killAll();
  }

  bury(reason: ExitReason): void {
    this.loop.abandon(reason);
    this.loop.tracer?.ended(reason);
    this.inbox.refuseOpen(reason);
    this.turn.stop();
    this.kernel.registry.remove(this);
    this.ties.cut(this, reason);
    this.failStart?.(this.startFailure());
    this.parent?.childEnded(this, reason);
    for (const ended of this.enders ?? []) ended();
  }

  report(error: unknown, during: string): ExitReason {
    const reason = crashed(error);
    if (this.life.phase === "ended") {
      // It was killed while this ran; nobody is left to be told but the log.
      this.kernel.env.log.debug("late fault of a killed actor", { actor: this.ref.path, error });
      return reason;
    }
    const at = this.kernel.env.clock.wall();
    this.history.lastCrash = { reason, at, during };
    this.kernel.report({ ref: this.ref, error, reason, during, at });
    return reason;
  }

  private offer(envelope: Envelope): boolean {
    if (!this.life.over) return this.inbox.offer(envelope);
    if (envelope.kind === "call") envelope.fail(new NoSuchActor(envelope.target));
    return false;
  }

  private beget(record: ChildRecord): Process {
    const path = `${this.ref.path}/${record.spec.id}`;
    const blueprint = blueprintOf(record.spec.start);
    return new Process(this.kernel, { blueprint, path, parent: this, record });
  }

  private childEnded(child: Process, reason: ExitReason): void {
    this.offspring?.remove(child);
    this.signal(child.ref, reason);
  }

  /** The first state is made. False when the actor was told to stop meanwhile. */
  private begin(state: unknown): boolean {
    this.initialising = false;
    if (this.life.phase === "ended") return false;
    this.loop.state = state;
    this.started = true;
    if (this.life.phase === "stopping") {
      this.life.codeEnded();
      return false;
    }
    this.life.phase = "running";
    this.loop.tracer?.started();
    this.loop.wake();
    return true;
  }

  private initFailed(error: unknown): void {
    this.initialising = false;
    this.startError = error;
    this.life.crash(this.report(error, "init"));
  }

  private startFailure(): unknown {
    return this.startError ?? new StartFailed(this.ref.path, "it was told to stop");
  }
}

/**
 * What a supervisor does, after OTP's `supervisor`: starts its children from left to right, stops
 * them from right to left, and when one ends decides by its restart type, the strategy and the
 * intensity. It runs as an actor's state, so it does one of these things at a time.
 */

import { countRestart, type RestartIntensity } from "../core/restart-intensity.ts";
import { affected, type Strategy } from "../core/strategies.ts";
import type { ChildRecord, Parenthood } from "./blueprint.ts";
import type { ChildInfo, SupervisorProtocol } from "./children.ts";
import { type ChildSpec, shutdownDefault } from "./definition.ts";
import { ChildState, NoSuchChild, StartFailed } from "./errors.ts";
import { isAbnormal, shutdown } from "./exit-reason.ts";
import type { Self } from "./gen-server.ts";
import { type ActorRef, sameActor } from "./ref.ts";
import type { ExitSignal } from "./signals.ts";

export interface SupervisionOptions extends RestartIntensity {
  readonly strategy: Strategy;
  readonly children: readonly ChildSpec[];
  /**
   * Children come and go at run time: what will not be started again is forgotten, and at the end all
   * are stopped at once, since no order among them means anything.
   */
  readonly dynamic: boolean;
}

/** A child that failed to restart is tried again, by a message, so that others get their turn. */
export interface Retry {
  readonly type: "RETRY";
  readonly id: string;
}

interface Child extends ChildRecord {
  /** Undefined while it does not run. */
  ref: ActorRef | undefined;
}

export class Supervision {
  private readonly options: SupervisionOptions;
  private readonly parenthood: Parenthood;
  private readonly self: Self<SupervisorProtocol, Retry>;
  /** In start order. */
  private children: Child[];
  private restartedAt: readonly number[] = [];

  constructor(
    options: SupervisionOptions,
    parenthood: Parenthood,
    self: Self<SupervisorProtocol, Retry>,
  ) {
    this.options = options;
    this.parenthood = parenthood;
    this.self = self;
    this.children = options.children.map(newChild);
    parenthood.show(() => this.children, options.strategy);
  }

  /** @throws StartFailed, when one does not start; those started before are stopped again. */
  async startAll(): Promise<void> {
    for (const child of this.children) {
      if (this.parenthood.leaving) return;
      try {
        await this.launch(child);
      } catch (error) {
        await this.stopAll();
        throw new StartFailed(`${this.self.path}/${child.spec.id}`, error);
      }
    }
  }

  async stopAll(): Promise<void> {
    if (this.options.dynamic) await Promise.all(this.children.map((child) => this.halt(child)));
    else await this.haltEach(this.children);
  }

  /** One of the children has ended, unless it was stopped here or belongs to a life before. */
  async childEnded({ from, reason }: ExitSignal): Promise<void> {
    const child = this.children.find(({ ref }) => ref !== undefined && sameActor(ref, from));
    if (child === undefined) return;
    child.ref = undefined;
    child.state = "stopped";
    const { restart } = child.spec;
    if (restart === "permanent" || (restart === "transient" && isAbnormal(reason))) {
      await this.restart(child);
    } else {
      this.forgetIfDone(child);
    }
  }

  async retry(id: string): Promise<void> {
    const child = this.children.find(({ spec }) => spec.id === id);
    if (child?.state === "restarting") await this.restart(child);
  }

  /** @throws ChildState when the id is taken, and what the child's `init` throws. */
  async add(spec: ChildSpec): Promise<ActorRef> {
    const known = this.children.find((child) => child.spec.id === spec.id);
    if (known !== undefined) throw new ChildState(spec.id, `already there, ${known.state}`);
    const child = newChild(spec);
    const ref = await this.launch(child);
    this.children.push(child);
    return ref;
  }

  /** Stops a child; its spec stays for `restart`, unless it is temporary or the supervisor dynamic. */
  async terminate(id: string): Promise<"done"> {
    const child = this.known(id);
    await this.halt(child);
    this.forgetIfDone(child);
    return "done";
  }

  /** Starts a child that was stopped. @throws ChildState, and what its `init` throws. */
  async relaunch(id: string): Promise<ActorRef> {
    const child = this.known(id);
    if (child.state !== "stopped") throw new ChildState(id, child.state);
    return this.launch(child);
  }

  /** Stops a child and starts it anew, with those its strategy ties to it. @throws what `init` throws. */
  async renew(id: string): Promise<ActorRef> {
    const child = this.known(id);
    const along = affected(this.options.strategy, this.children, this.children.indexOf(child));
    const wanted = along.filter((other) => other === child || other.ref !== undefined);
    await this.haltEach(wanted);
    for (const each of wanted) await this.startAgain(each);
    if (child.ref === undefined) throw new StartFailed(`${this.self.path}/${id}`, "it is stopping");
    return child.ref;
  }

  /** Forgets a child that was stopped. @throws ChildState. */
  delete(id: string): "done" {
    const child = this.known(id);
    if (child.state !== "stopped") throw new ChildState(id, child.state);
    this.forget(child);
    return "done";
  }

  list(): readonly ChildInfo[] {
    return this.children.map(({ spec, state, ref }) => ({
      id: spec.id,
      kind: spec.start.kind,
      restart: spec.restart,
      state,
      ...(ref === undefined ? {} : { ref }),
    }));
  }

  /** Plain data, for inspection. */
  describe(): unknown {
    const { strategy, intensity, periodMs, dynamic } = this.options;
    const children = this.list().map(({ id, restart, state }) => ({ id, restart, state }));
    return { strategy, intensity, periodMs, dynamic, children };
  }

  private async restart(failed: Child): Promise<void> {
    const verdict = countRestart(this.options, this.restartedAt, this.self.env.clock.mono());
    this.restartedAt = verdict.restartedAt;
    if (verdict.exceeded) {
      failed.state = "stopped";
      const { intensity, periodMs } = this.options;
      this.self.log.error("too many restarts", { child: failed.spec.id, intensity, periodMs });
      this.self.stop(shutdown);
      return;
    }
    const { strategy } = this.options;
    const along = affected(strategy, this.children, this.children.indexOf(failed));
    await this.haltEach(along);
    for (const child of along) {
      if (child.spec.restart === "temporary") this.forget(child);
      else if (!(await this.again(child))) return;
    }
  }

  /** False when it does not start, or must not: then those after it wait for the next attempt. */
  private async again(child: Child): Promise<boolean> {
    try {
      return await this.startAgain(child);
    } catch {
      return false; // It has been told, and is tried again.
    }
  }

  /**
   * False when the supervisor itself must stop.
   * @throws what `init` throws; then a message has it tried again.
   */
  private async startAgain(child: Child): Promise<boolean> {
    if (this.parenthood.leaving) return false;
    child.history.restarts++;
    try {
      await this.launch(child);
      return true;
    } catch (error) {
      this.self.log.warn("a child did not start again", { child: child.spec.id, error });
      child.state = "restarting";
      this.self.tell({ type: "RETRY", id: child.spec.id });
      throw error;
    }
  }

  private async launch(child: Child): Promise<ActorRef> {
    child.state = "starting";
    try {
      child.ref = await this.parenthood.start(child);
    } catch (error) {
      child.state = "stopped";
      throw error;
    }
    child.state = "running";
    return child.ref;
  }

  private async haltEach(children: readonly Child[]): Promise<void> {
    for (const child of [...children].reverse()) await this.halt(child);
  }

  private async halt(child: Child): Promise<void> {
    if (child.ref !== undefined) await this.parenthood.stop(child.ref, child.spec.shutdown);
    child.ref = undefined;
    child.state = "stopped";
  }

  private known(id: string): Child {
    const child = this.children.find(({ spec }) => spec.id === id);
    if (child === undefined) throw new NoSuchChild(id);
    return child;
  }

  private forgetIfDone(child: Child): void {
    if (this.options.dynamic || child.spec.restart === "temporary") this.forget(child);
  }

  private forget(child: Child): void {
    this.children = this.children.filter((other) => other !== child);
  }
}

function newChild(spec: ChildSpec): Child {
  const { id, start, restart = "permanent" } = spec;
  return {
    spec: { id, start, restart, shutdown: spec.shutdown ?? shutdownDefault(start.kind) },
    history: { restarts: 0, lastCrash: undefined },
    state: "stopped",
    ref: undefined,
  };
}

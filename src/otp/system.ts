/**
 * The actors of one node: starts them, stops them, takes the whole down in order. One nact system
 * each, so that several nodes fit in one process.
 */
import type { Env } from "../core/env.ts";
import { Unavailable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { callTimeoutMsDefault } from "../core/limits.ts";
import type { ActorSystem, CallOptions, StartOptions } from "./actor-system.ts";
import { blueprintOf } from "./blueprint.ts";
import { renewChild } from "./children.ts";
import { type ActorDefinition, type Shutdown, shutdownDefault } from "./definition.ts";
import { StartFailed } from "./errors.ts";
import { type ExitReason, normal, shutdown as shutdownReason } from "./exit-reason.ts";
import type { Cancel } from "./gen-server.ts";
import type { Inspector } from "./inspection.ts";
import { createInspector } from "./inspector.ts";
import type { CrashReport, Kernel } from "./kernel.ts";
import { stopActor } from "./offspring.ts";
import { Process } from "./process.ts";
import type { Protocol } from "./protocol.ts";
import type { ActorRef, Address, Target } from "./ref.ts";
import { Registry } from "./registry.ts";
import { noRemote, type Remote, type RemoteFrame } from "./remote.ts";
import type { Down } from "./signals.ts";
import { Switchboard } from "./switchboard.ts";
import type { Watcher } from "./ties.ts";
import { Tracers } from "./tracers.ts";
import { Turns } from "./turns.ts";

export type { ActorSystem } from "./actor-system.ts";

export interface SystemOptions {
  readonly node: NodeId;
  /** The node's boot counter. */
  readonly boot: number;
  readonly env: Env;
  /** The way to other nodes; default: none can be reached. */
  readonly remote?: Remote;
  /** Stopped with the system, or by whoever gave them; default: of its own. */
  readonly turns?: Turns | undefined;
  /** Told of each crash, after it is logged. */
  readonly onCrash?: (report: CrashReport) => void;
}

/** The actors of a node, none yet. */
export function createSystem(options: SystemOptions): ActorSystem {
  return new System(options);
}

interface Root {
  readonly process: Process;
  readonly shutdown: Shutdown;
}

class System implements ActorSystem, Kernel<Process> {
  readonly node: NodeId;
  readonly boot: number;
  readonly env: Env;
  readonly inspect: Inspector;
  readonly system = this;
  readonly registry = new Registry<Process>();
  readonly turns: Turns;
  readonly tracers: Tracers;
  private readonly switchboard: Switchboard;
  private readonly onCrash: (report: CrashReport) => void;
  private readonly roots = new Set<Root>();
  private lastId = 0;
  private ending: Promise<void> | undefined;

  constructor(options: SystemOptions) {
    const { node, boot, env, remote = noRemote } = options;
    const { registry } = this;
    this.node = node;
    this.boot = boot;
    this.env = env;
    this.onCrash = options.onCrash ?? (() => {});
    this.turns = options.turns ?? new Turns(node);
    this.tracers = new Tracers(env.clock);
    const nextId = () => this.nextId();
    this.switchboard = new Switchboard({ node, boot, env, remote, registry, nextId });
    this.inspect = createInspector({
      roots: () => [...this.roots].map((root) => root.process),
      find: (target) =>
        this.find(target) ?? (typeof target === "string" ? registry.at(target) : undefined),
      tracers: this.tracers,
      renew: (supervisor, id) => renewChild(this, supervisor, id),
    });
  }

  start<P>(definition: ActorDefinition<P>, options?: StartOptions): Promise<ActorRef<P>>;
  async start(definition: ActorDefinition, options: StartOptions = {}): Promise<ActorRef> {
    if (this.ending !== undefined) throw new Unavailable("the actor system is shutting down");
    const blueprint = blueprintOf(definition);
    const path = options.id ?? blueprint.name ?? `root-${this.lastId + 1}`;
    const process = new Process(this, { blueprint, path });
    const root = { process, shutdown: options.shutdown ?? shutdownDefault(blueprint.kind) };
    this.roots.add(root);
    process.onEnd(() => this.roots.delete(root));
    return process.start();
  }

  call<P extends Protocol, M extends keyof P & string>(
    target: Target<P>,
    method: M,
    request: P[M]["request"],
    options?: CallOptions,
  ): Promise<P[M]["reply"]>;
  call(
    target: Target,
    method: string,
    request: unknown,
    { timeoutMs = callTimeoutMsDefault, atOnce = false }: CallOptions = {},
  ): Promise<unknown> {
    const question = { target, method, request, timeoutMs, from: this.node };
    return this.switchboard.call(question, atOnce);
  }

  cast<P extends Protocol, M extends keyof P & string>(
    target: Target<P>,
    method: M,
    request: P[M]["request"],
  ): void {
    this.switchboard.cast(target, method, request);
  }

  tell(target: Target<unknown>, message: unknown): void {
    this.switchboard.tell(target, message);
  }

  deliver(target: Target<unknown>, message: unknown): void {
    this.switchboard.deliver(target, message);
  }

  monitor(target: Target<unknown>, onDown: (down: Down) => void): Cancel {
    const address = this.addressOf(target);
    const monitor = this.nextId();
    let wanted = true;
    const cancel = this.watch(address, (reason) => {
      // Not at once: foreign code must not run in the middle of an actor's end.
      queueMicrotask(() => {
        if (!wanted) return;
        wanted = false;
        this.guard(() => onDown({ type: "DOWN", monitor, target: address, reason }));
      });
    });
    return () => {
      wanted = false;
      cancel();
    };
  }

  whereis(name: string): ActorRef | undefined {
    return this.registry.named(name)?.ref;
  }

  exit(target: Target<unknown>, reason: ExitReason | "kill"): void {
    const process = this.find(target);
    if (reason === "kill") process?.life.kill();
    else process?.signal(process.ref, reason);
  }

  async stop(target: Target<unknown>, reason = normal, timeoutMs?: number): Promise<void> {
    const process = this.find(target);
    if (process === undefined) return;
    const bound = timeoutMs === Number.POSITIVE_INFINITY ? "infinity" : timeoutMs;
    await stopActor(process, reason, bound ?? shutdownDefault(process.kind), this.env.timers);
  }

  shutdown(): Promise<void> {
    this.ending ??= this.stopAll();
    return this.ending;
  }

  receive(from: NodeId, frame: RemoteFrame): void {
    this.switchboard.receive(from, frame);
  }

  isTiedTo(node: NodeId): boolean {
    return this.switchboard.isTiedTo(node);
  }

  nodeDown(node: NodeId, reason: string): void {
    this.switchboard.nodeDown(node, reason);
  }

  nodeUnreached(node: NodeId, reason: string): void {
    this.switchboard.nodeUnreached(node, reason);
  }

  nextId(): number {
    this.lastId++;
    return this.lastId;
  }

  find(target: Target<unknown>): Process | undefined {
    return this.switchboard.find(target);
  }

  addressOf(target: Target<unknown>): Address {
    return this.switchboard.addressOf(target);
  }

  watch(address: Address, watcher: Watcher): Cancel {
    return this.switchboard.watch(address, watcher);
  }

  report(crash: CrashReport): void {
    const { ref, during, error } = crash;
    // Of a child that did not start: that has been told already, as the child's own crash.
    if (!(error instanceof StartFailed)) {
      this.env.log.error("actor crashed", { actor: ref.path, during, error });
    }
    this.guard(() => this.onCrash(crash));
  }

  private async stopAll(): Promise<void> {
    for (const { process, shutdown } of [...this.roots].reverse()) {
      await stopActor(process, shutdownReason, shutdown, this.env.timers);
    }
    this.switchboard.stop();
    this.turns.stop();
  }

  /** Runs code of others that has nobody to throw to. */
  private guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.env.log.error("a callback of the actor system threw", { error });
    }
  }
}

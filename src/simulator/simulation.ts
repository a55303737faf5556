/**
 * Whole nodes on virtual machines: the composition root of a real node, with a virtual world under it.
 * A machine keeps its disk and its tasks while its node crashes and starts again. Everything that
 * happens is decided by the seed.
 */

import type { Catalog } from "../actors/catalog.ts";
import type { Operations } from "../actors/operations.ts";
import type { Records } from "../actors/records.ts";
import type { MobError } from "../core/errors.ts";
import { Unavailable } from "../core/errors.ts";
import type { MembershipOptions } from "../membership/options.ts";
import type { ComposedNode } from "../node/compose.ts";
import type { ActorTree } from "../otp/inspection.ts";
import type { Protocol } from "../otp/protocol.ts";
import { type Life, Machine } from "./machine.ts";
import { type Owner, Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";
import { seededRandom } from "./virtual-env.ts";
import type { VirtualHost } from "./virtual-host.ts";
import { VirtualNetwork } from "./virtual-network.ts";
import { runUntil } from "./virtual-time.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** Names of the machines; a node on `a` is reached at `a:6666`. */
  readonly machines: readonly string[];
  /** What differs from the preset `lan`. */
  readonly membership?: Partial<MembershipOptions>;
  /** Told when the node of a machine cannot go on; default: that is a violation. */
  readonly onFatal?: (machine: string, error: MobError) => void;
  /** Told when the node of a machine does not come up. */
  readonly onStartFailed?: (machine: string, error: unknown) => void;
  /** Told when the node of a machine is there, before anything else happens to it. */
  readonly onComposed?: (machine: string, node: ComposedNode) => void;
  /** Shown each line of the trace as it comes. */
  readonly watch?: ((line: string) => void) | undefined;
}

/** What was asked of a node; no outcome as long as there is no answer, as when the node crashes. */
export interface Question<T> {
  outcome?: { readonly value: T } | { readonly error: unknown };
}

/** How every link is at the start. */
const qualityUsual = { delayMs: { min: 0.2, max: 20 }, bytesPerSecond: 12_500_000 };

export class Simulation {
  readonly trace: Trace;
  readonly scheduler = new Scheduler();
  readonly network: VirtualNetwork;
  readonly #machines: ReadonlyMap<string, Machine>;
  readonly #fatal: MobError[] = [];
  readonly #options: SimulationOptions;

  constructor(options: SimulationOptions) {
    const { seed, machines, membership, watch } = options;
    const { scheduler } = this;
    this.#options = options;
    this.trace = new Trace(watch);
    const random = seededRandom(seed, "network");
    const { trace } = this;
    this.network = new VirtualNetwork({ scheduler, random, trace, quality: qualityUsual });
    const around = { seed, scheduler, network: this.network, trace, membership };
    this.#machines = new Map(machines.map((name) => [name, new Machine(name, around)]));
  }

  /** Virtual ms since the beginning. */
  get now(): number {
    return this.scheduler.now;
  }

  /** Everything that must never be and was, on any machine. */
  get violations(): readonly string[] {
    const tasks = [...this.#machines.values()].flatMap(({ host }) => host.violations);
    return [...tasks, ...this.#fatal.map(({ message }) => message)];
  }

  machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Unavailable(`there is no machine ${name}`);
    return machine;
  }

  /** Starts the node of a machine, with the disk and the tasks that are there. */
  async start(name: string, join: readonly string[] = []): Promise<void> {
    const begun = this.launch(name, join);
    await this.#answered(begun, `start of ${name}`);
  }

  /** As `start`, without waiting. A node that does not come up is as good as crashed. */
  launch(name: string, join: readonly string[] = []): Question<ComposedNode> {
    const machine = this.machine(name);
    const life = machine.begin();
    return this.#begin(life.owner, async () => {
      const fatal = (error: MobError) => this.#onFatal(life, name, error);
      try {
        const node = await machine.compose(life, join, fatal);
        this.#options.onComposed?.(name, node);
        return node;
      } catch (error) {
        this.#options.onStartFailed?.(name, error);
        throw error;
      }
    });
  }

  /** kill -9: the node's memory and what it did not flush are gone; the kernel ends its connections. */
  crash(name: string): void {
    this.note(`crash of ${name}`);
    this.network.crash(this.#end(name));
  }

  /** The machine loses power: as a crash, and no one is told; its tasks are gone too. */
  powerOff(name: string): void {
    this.note(`power off ${name}`);
    const owner = this.machine(name).life === undefined ? undefined : this.#end(name);
    this.network.powerOff(name, owner);
    this.machine(name).host.powerOff();
  }

  /** The machine answers again; its node has yet to be started. */
  powerOn(name: string): void {
    this.note(`power on ${name}`);
    this.network.powerOn(name);
  }

  /** Until `ms` from now the node does nothing, as after SIGSTOP. */
  stall(name: string, ms: number): void {
    const { life } = this.machine(name);
    if (life === undefined) return;
    this.note(`stall of ${name} for ${ms} ms`);
    life.owner.stalledUntil = Math.max(life.owner.stalledUntil ?? 0, this.now + ms);
  }

  /** Ends one actor of a node as `exit(Pid, kill)` would; its supervisor sees to it. */
  kill(name: string, actor: string): void {
    const { owner, node } = this.#living(name);
    this.note(`kill of ${actor} on ${name}`);
    this.scheduler.after(0, () => node.system.exit(actor, "kill"), owner);
  }

  /** The actor handles nothing any more, as one in an endless wait, until it is killed. */
  suspend(name: string, actor: string): void {
    const { owner, node } = this.#living(name);
    this.scheduler.after(0, () => node.system.inspect.suspend(actor), owner);
  }

  /** The names of all actors of a node that have one. */
  actorNames(name: string): readonly string[] {
    const named = (actor: ActorTree): readonly string[] => [
      ...(actor.name === undefined ? [] : [actor.name]),
      ...actor.children.flatMap(named),
    ];
    return this.#living(name).node.system.inspect.tree().flatMap(named);
  }

  isUp(name: string): boolean {
    return this.machine(name).life?.node !== undefined;
  }

  /** A line of the trace about what the world does. */
  note(what: string): void {
    this.trace.add(this.now, "world", what);
  }

  /** From now on two machines do not hear each other; neither learns why. */
  cut(a: string, b: string): void {
    this.note(`cut between ${a} and ${b}`);
    this.network.cut(a, b);
    this.network.cut(b, a);
  }

  /** Ends all cuts. */
  heal(): void {
    this.note("heal");
    this.network.heal();
  }

  /** Nothing of it goes on, and what it held can be collected; it can no longer be used. */
  close(): void {
    for (const machine of this.#machines.values()) machine.close();
  }

  /** Lets virtual time go on for `ms`. */
  async run(ms: number): Promise<void> {
    await runUntil(this.scheduler, this.now + ms);
  }

  /** Asks the node of a machine for something, and lets time go on until the answer is there. */
  ask<T>(name: string, question: (operations: Operations) => Promise<T>): Promise<T> {
    const { owner, node } = this.#living(name);
    return this.#answered(
      this.#begin(owner, () => question(node.operations)),
      `question to ${name}`,
    );
  }

  /** Asks an actor of a machine's node, as another actor would. */
  call<P extends Protocol, M extends keyof P & string>(
    name: string,
    actor: string,
    method: M,
    request: P[M]["request"],
  ): Promise<P[M]["reply"]> {
    const { owner, node } = this.#living(name);
    return this.#answered(
      this.#begin(owner, () => node.system.call<P, M>(actor, method, request)),
      `${method} of ${actor} on ${name}`,
    );
  }

  /** As `ask`, without waiting: the outcome comes as time goes on, if the node lives to give it. */
  begin<T>(name: string, question: (operations: Operations) => Promise<T>): Question<T> {
    const { owner, node } = this.#living(name);
    return this.#begin(owner, () => question(node.operations));
  }

  /** What a node says now, without asking anyone else. */
  operations(name: string): Operations {
    return this.#living(name).node.operations;
  }

  /** What a node holds of the network. */
  catalog(name: string): Catalog {
    return this.#living(name).node.catalog;
  }

  /** Every record that a node holds, to be read and watched by key. */
  records(name: string): Records {
    return this.#living(name).node.records;
  }

  /** The machine's own tasks, as its kernel would show them. */
  host(name: string): VirtualHost {
    return this.machine(name).host;
  }

  /** Lets time go on until there is an answer. */
  async #answered<T>(begun: Question<T>, what: string): Promise<T> {
    await runUntil(this.scheduler, this.now + longestMs, () => begun.outcome !== undefined);
    const { outcome } = begun;
    if (outcome === undefined) throw new Unavailable(`the ${what} never ended`);
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  #begin<T>(owner: Owner, work: () => Promise<T>): Question<T> {
    const begun: Question<T> = {};
    const start = () => {
      work().then(
        (value) => {
          begun.outcome = { value };
        },
        (error: unknown) => {
          begun.outcome = { error };
        },
      );
    };
    this.scheduler.after(0, start, owner);
    return begun;
  }

  /** Takes the node of a machine out of the world, and its unflushed writes with it. */
  #end(name: string): Owner {
    const machine = this.machine(name);
    if (machine.life === undefined) throw new Unavailable(`no node runs on ${name}`);
    const { owner } = machine.life;
    owner.dead = true;
    machine.life = undefined;
    machine.disk.crash();
    return owner;
  }

  #onFatal(life: Life, name: string, error: MobError): void {
    if (life.owner.dead) return;
    if (this.#options.onFatal === undefined) this.#fatal.push(error);
    else this.#options.onFatal(name, error);
  }

  #living(name: string): { readonly owner: Owner; readonly node: ComposedNode } {
    const { life } = this.machine(name);
    if (life?.node === undefined) throw new Unavailable(`no node runs on ${name}`);
    return { owner: life.owner, node: life.node };
  }
}

/** Virtual time after which something that was asked for counts as hung. */
const longestMs = 120_000;

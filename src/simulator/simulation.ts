/**
 * Whole nodes on virtual machines: the composition root of a real node, with a virtual world under it.
 * A machine keeps its disk and its tasks while its node crashes and starts again. Everything that
 * happens is decided by the seed.
 */

import type { Catalog } from "../actors/catalog.ts";
import { names } from "../actors/names.ts";
import type { Operations } from "../actors/operations.ts";
import type { Records } from "../actors/records.ts";
import type { MobError } from "../core/errors.ts";
import { Unavailable } from "../core/errors.ts";
import type { ComposedNode } from "../node/compose.ts";
import { composeNode } from "../node/compose.ts";
import { nextIdentity } from "../node/identity.ts";
import { showReason } from "../otp/exit-reason.ts";
import type { ActorTree } from "../otp/inspection.ts";
import { type Owner, Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";
import { VirtualDisk } from "./virtual-disk.ts";
import { seededRandom, virtualEnv } from "./virtual-env.ts";
import { VirtualNetwork } from "./virtual-network.ts";
import { VirtualHost, virtualProvider } from "./virtual-tasks.ts";
import { runUntil } from "./virtual-time.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** Names of the machines; a node on `a` is reached at `a:6666`. */
  readonly machines: readonly string[];
}

interface Machine {
  readonly name: string;
  readonly disk: VirtualDisk;
  readonly host: VirtualHost;
  life: Life | undefined;
  lives: number;
}

/** What was asked of a node; no outcome as long as there is no answer, as when the node crashes. */
export interface Question<T> {
  outcome?: { readonly value: T } | { readonly error: unknown };
}

interface Life {
  readonly owner: Owner;
  readonly node: ComposedNode;
}

export class Simulation {
  readonly trace = new Trace();
  readonly #seed: number;
  readonly #scheduler = new Scheduler();
  readonly #network: VirtualNetwork;
  readonly #machines: ReadonlyMap<string, Machine>;
  readonly #fatal: MobError[] = [];

  constructor({ seed, machines }: SimulationOptions) {
    const scheduler = this.#scheduler;
    this.#seed = seed;
    this.#network = new VirtualNetwork({
      scheduler,
      random: seededRandom(seed, "network"),
      trace: this.trace,
      latencyMs: { min: 0.2, max: 20 },
    });
    this.#machines = new Map(machines.map((name) => [name, this.#machine(name)]));
  }

  /** Virtual ms since the beginning. */
  get now(): number {
    return this.#scheduler.now;
  }

  /** Everything that must never be and was, on any machine. */
  get violations(): readonly string[] {
    const tasks = [...this.#machines.values()].flatMap(({ host }) => host.violations);
    return [...tasks, ...this.#fatal.map(({ message }) => message)];
  }

  /** Starts the node of a machine, with the disk and the tasks that are there. */
  async start(name: string, join: readonly string[] = []): Promise<void> {
    const machine = this.#at(name);
    machine.lives++;
    const owner: Owner = { name: `${name}#${machine.lives}`, dead: false };
    const node = await this.#wait(owner, `start of ${name}`, () =>
      this.#compose(machine, owner, join),
    );
    machine.life = { owner, node };
  }

  /** kill -9, or the loss of power: the node's memory and what it did not flush are gone. */
  crash(name: string): void {
    const machine = this.#at(name);
    const { owner } = this.#living(name);
    owner.dead = true;
    machine.life = undefined;
    this.trace.add(this.now, "world", `crash of ${name}`);
    this.#network.crash(owner);
    machine.disk.crash();
  }

  /** Ends one actor of a node as `exit(Pid, kill)` would; its supervisor sees to it. */
  kill(name: string, actor: string): void {
    const { owner, node } = this.#living(name);
    this.trace.add(this.now, "world", `kill of ${actor} on ${name}`);
    this.#scheduler.after(0, () => node.system.exit(actor, "kill"), owner);
  }

  /** The actor handles nothing any more, as one in an endless wait, until it is killed. */
  suspend(name: string, actor: string): void {
    const { owner, node } = this.#living(name);
    this.#scheduler.after(0, () => node.system.inspect.suspend(actor), owner);
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
    return this.#at(name).life !== undefined;
  }

  /** From now on two machines do not hear each other; neither learns why. */
  cut(a: string, b: string): void {
    this.trace.add(this.now, "world", `cut between ${a} and ${b}`);
    this.#network.cut(a, b);
  }

  /** Ends all cuts. */
  heal(): void {
    this.trace.add(this.now, "world", "heal");
    this.#network.heal();
  }

  /** Lets virtual time go on for `ms`. */
  async run(ms: number): Promise<void> {
    await runUntil(this.#scheduler, this.now + ms);
  }

  /** Asks the node of a machine for something, and lets time go on until the answer is there. */
  ask<T>(name: string, question: (operations: Operations) => Promise<T>): Promise<T> {
    const { owner, node } = this.#living(name);
    return this.#wait(owner, `question to ${name}`, () => question(node.operations));
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
    return this.#at(name).host;
  }

  /** Runs `work` on behalf of `owner`, and time until it is done. */
  async #wait<T>(owner: Owner, what: string, work: () => Promise<T>): Promise<T> {
    const begun = this.#begin(owner, work);
    await runUntil(this.#scheduler, this.now + longestMs, () => begun.outcome !== undefined);
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
    this.#scheduler.after(0, start, owner);
    return begun;
  }

  async #compose(machine: Machine, owner: Owner, join: readonly string[]): Promise<ComposedNode> {
    const { name, disk, host } = machine;
    const env = virtualEnv(this.#scheduler, owner, this.#seed, this.trace);
    const provider = virtualProvider(host, this.#scheduler, owner, env.clock);
    const node = await composeNode(
      {
        env,
        transport: this.#network.transport(owner),
        storage: disk,
        providers: new Map([[provider.type, provider]]),
      },
      {
        identity: await nextIdentity(disk, env.random("identity")),
        name,
        network: "simulated",
        address: `${name}:6666`,
        facts: { providers: [{ type: provider.type, available: true }], labels: {}, version: "0" },
        join,
        checkParams: (type, params) => {
          if (type !== provider.type) return "unknown";
          provider.parseParams(params);
          return "checked";
        },
        onFatal: (error) => this.#fatal.push(error),
      },
    );
    node.system.monitor(names.mob, ({ reason }) => {
      this.#fatal.push(new Unavailable(`the node on ${name} gave up: ${showReason(reason)}`));
    });
    return node;
  }

  #machine(name: string): Machine {
    const scheduler = this.#scheduler;
    const random = seededRandom(this.#seed, `disk/${name}`);
    const disk = new VirtualDisk({ scheduler, random, flushMsMax: 5 });
    return { name, disk, host: new VirtualHost(scheduler, name), life: undefined, lives: 0 };
  }

  #at(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Unavailable(`there is no machine ${name}`);
    return machine;
  }

  #living(name: string): Life {
    const { life } = this.#at(name);
    if (life === undefined) throw new Unavailable(`no node runs on ${name}`);
    return life;
  }
}

/** Virtual time after which something that was asked for counts as hung. */
const longestMs = 120_000;

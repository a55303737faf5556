/**
 * Where a plan is carried out: a simulation whose nodes are started again as a service manager would,
 * and whose faults all end when their time comes, or when everything is to be whole.
 */
import { Conflict, type MobError } from "../core/errors.ts";
import type { ComposedNode } from "../node/compose.ts";
import type { Spec } from "../services/group.ts";
import { membersOf } from "../services/group-members.ts";
import { Disturbances } from "./disturbances.ts";
import type { Scene } from "./invariants/scene.ts";
import { healAtMs, type Item, machinesOf, type Plan } from "./schedule.ts";
import type { Owner } from "./scheduler.ts";
import { Simulation } from "./simulation.ts";
import type { DiskImage } from "./virtual-disk.ts";
import type { Wish } from "./wish.ts";

/** Who follows what happens on a stage. */
export interface Audience {
  /** A node has come up, and nothing else has happened to it. */
  composed(machine: string, node: ComposedNode): void;
  /** The disk of a machine is not what its node left there: whatever it acknowledged is lost. */
  diskReplaced(machine: string): void;
  asked(wish: Wish): void;
  answered(wish: Wish): void;
  /** The node of a machine cannot go on. `isExpected`: by what was done to it. */
  gaveUp(machine: string, error: MobError, isExpected: boolean): void;
}

/** Connections on demand come and go in the time of a run. */
const partialMesh = (meshPeersMax: number) => ({ meshPeersMax, onDemandMax: 2, idleMs: 5_000 });
/** What starts a node again waits so long after it ended by itself. */
const startAgainMs = 1_000;

export class Stage implements Scene {
  readonly isTold = "at once";
  readonly plan: Plan;
  readonly machines: readonly string[];
  readonly simulation: Simulation;
  readonly disturbances = new Disturbances();
  readonly audience: Audience;
  readonly #world: Owner = { name: "world", dead: false };
  /** Ends of faults under way; all are ended at the heal. */
  readonly #ends = new Set<() => void>();
  /** Machines whose nodes are meant to be down. */
  readonly #down = new Set<string>();
  /** Ends the disturbance of those that are down. */
  readonly #undisturbed = new Map<string, (toMs: number) => void>();
  readonly #ids = new Map<string, string>();
  #hasForgotten = false;

  /** `carryOut` does to the stage what an item of the plan says. */
  constructor(
    plan: Plan,
    audience: Audience,
    carryOut: (stage: Stage, item: Item) => void,
    watch?: (line: string) => void,
  ) {
    this.plan = plan;
    this.machines = machinesOf(plan);
    this.audience = audience;
    this.simulation = new Simulation({
      seed: plan.seed,
      machines: this.machines,
      ...(plan.mesh !== undefined && { membership: partialMesh(plan.mesh) }),
      onFatal: (machine, error) => this.#onFatal(machine, error),
      onStartFailed: (machine) => this.#exit(machine),
      onComposed: (machine, node) => this.#composed(machine, node),
      watch,
    });
    for (const [i, machine] of this.machines.entries()) this.at(10 * i, () => this.#up(machine));
    for (const item of plan.items) this.at(item.atMs, () => carryOut(this, item));
    this.at(healAtMs(plan), () => this.#heal());
  }

  /** Virtual ms from the beginning. */
  get now(): number {
    return this.simulation.now;
  }

  isUp(machine: string): boolean {
    return this.simulation.isUp(machine);
  }

  /** What would be left of the disk of a machine if its power failed now. */
  flushed(machine: string): DiskImage {
    return this.simulation.machine(machine).disk.image();
  }

  versionsIn(spec: Spec): ReturnType<Scene["versionsIn"]> {
    const versions = [...membersOf(spec).values()].flatMap(({ spec: { params, env } }) => [
      String((params as { readonly v?: number }).v),
      env["V"],
    ]);
    return [versions[0], versions.find((version) => version !== versions[0]) ?? versions[0]];
  }

  /** The node of a machine, while it runs. */
  node(machine: string): ComposedNode | undefined {
    return this.simulation.machine(machine).life?.node;
  }

  /** The id of the last node of a machine; undefined before the first has come up. */
  idOf(machine: string): string | undefined {
    return this.#ids.get(machine);
  }

  /** Kills a node, if it runs, and starts it again after `forMs`. */
  crash(machine: string, forMs: number): void {
    if (this.#down.has(machine) || this.simulation.machine(machine).life === undefined) return;
    this.simulation.crash(machine);
    this.#takenDown(machine, forMs, () => {});
  }

  /**
   * The machine loses power, and is back after `forMs`; with another disk, if one is given: then
   * nothing of its tasks is left either.
   */
  powerOff(machine: string, forMs: number, disk: DiskImage | undefined): void {
    if (this.#down.has(machine)) return;
    this.simulation.powerOff(machine);
    this.#takenDown(machine, forMs, () => {
      if (disk !== undefined) this.#replaceDisk(machine, disk);
      this.simulation.powerOn(machine);
    });
  }

  /** Undoes something `forMs` from now, or at the heal. */
  undo(forMs: number, undo: () => void): void {
    const end = () => {
      if (this.#ends.delete(end)) undo();
    };
    this.#ends.add(end);
    if (Number.isFinite(forMs)) this.at(this.simulation.now + forMs, end);
  }

  /** Does something `ms` from now, unless everything is whole again by then. */
  once(ms: number, run: () => void): void {
    const atMs = this.simulation.now + ms;
    if (atMs < healAtMs(this.plan)) this.at(atMs, run);
  }

  /** Others may take the node of this machine, or any, for dead while this lasts, and a little longer. */
  disturb(machine: string | undefined, forMs: number): void {
    const end = this.disturbances.begin(machine, this.simulation.now);
    this.undo(forMs, () => end(this.simulation.now));
  }

  /** Runs something at a virtual time, as an event of the world. */
  at(ms: number, run: () => void): void {
    const { scheduler } = this.simulation;
    scheduler.after(ms - scheduler.now, run, this.#world);
  }

  #takenDown(machine: string, forMs: number, beforeStart: () => void): void {
    this.#down.add(machine);
    const end = this.disturbances.begin(machine, this.simulation.now);
    this.#undisturbed.set(machine, end);
    this.undo(forMs, () => {
      beforeStart();
      this.#down.delete(machine);
      this.#up(machine);
    });
  }

  #up(machine: string): void {
    if (this.#down.has(machine) || this.simulation.machine(machine).life !== undefined) return;
    const [first = "", second = ""] = this.machines;
    const join = [first, second].filter((name) => name !== machine && name !== "");
    this.simulation.launch(
      machine,
      join.map((name) => `${name}:6666`),
    );
  }

  #composed(machine: string, node: ComposedNode): void {
    this.#undisturbed.get(machine)?.(this.simulation.now);
    this.#undisturbed.delete(machine);
    this.#ids.set(machine, node.system.node);
    this.audience.composed(machine, node);
  }

  #replaceDisk(machine: string, disk: DiskImage): void {
    this.simulation.machine(machine).replaceDisk(disk);
    this.#hasForgotten ||= disk.size === 0;
    this.audience.diskReplaced(machine);
  }

  /** As a process that ends with an error, under a service manager. */
  #onFatal(machine: string, error: MobError): void {
    // A blank disk is another node of the same name, which must wait until the old one is given up.
    const isExpected = error instanceof Conflict && this.#hasForgotten;
    this.audience.gaveUp(machine, error, isExpected);
    this.#exit(machine);
  }

  #exit(machine: string): void {
    const { life } = this.simulation.machine(machine);
    this.at(this.simulation.now, () => {
      if (life === undefined || this.simulation.machine(machine).life !== life) return;
      this.simulation.crash(machine);
      this.#undisturbed.set(machine, this.disturbances.begin(machine, this.simulation.now));
      this.at(this.simulation.now + startAgainMs, () => this.#up(machine));
    });
  }

  #heal(): void {
    this.simulation.note("all faults end");
    for (const end of [...this.#ends]) end();
  }
}

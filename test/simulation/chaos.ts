/**
 * Drives simulated machines through a random schedule of wishes and faults, and knows what must be true
 * afterwards. What a user was told is held against what became of it: `possible` has every wish for a
 * name that may be in force, one as long as its last answer is certain.
 */
import type { Operations } from "../../src/actors/operations.ts";
import type { Random } from "../../src/core/env.ts";
import { type Question, Simulation } from "../../src/simulator/simulation.ts";
import { seededRandom } from "../../src/simulator/virtual-env.ts";
import { problemsOf, type Wish, type Wished } from "./invariants.ts";

interface Service extends Wished {
  readonly requires: readonly string[];
  possible: ReadonlySet<Wish>;
  /** Every machine held what the last certain answer said when the network stopped being whole. */
  isKnownToAll: boolean;
  isAsked: boolean;
}

interface Asked {
  readonly question: Question<unknown>;
  readonly service: Service;
  readonly wish: Wish;
  readonly isCertain: boolean;
  readonly machine: string;
}

export interface ChaosOptions {
  readonly seed: number;
  readonly machines: readonly string[];
  readonly steps: number;
  /** Faults beyond crashes of nodes: actors killed, machines cut off, engines that do not answer. */
  readonly isHard?: boolean;
}

/** The network has been whole for long enough that every node holds all that was acknowledged. */
const settledMs = 8_000;

export class Chaos {
  readonly simulation: Simulation;
  readonly log: string[] = [];
  readonly #options: ChaosOptions;
  readonly #random: Random;
  readonly #services: readonly Service[];
  #asked: Asked[] = [];
  #wholeSince = 0;
  #versions = 0;
  readonly #broken = new Set<string>();

  constructor(options: ChaosOptions) {
    const { seed, machines } = options;
    this.#options = options;
    this.#random = seededRandom(seed, "chaos");
    this.simulation = new Simulation({ seed, machines });
    const service = (name: string, requires: readonly string[] = []): Service => ({
      name,
      requires,
      possible: new Set(["absent"]),
      isKnownToAll: true,
      isAsked: false,
    });
    this.#services = [service("db"), service("api", ["db"]), service("web"), service("job")];
  }

  async run(): Promise<void> {
    const { machines, steps } = this.#options;
    const [first = ""] = machines;
    for (const name of machines) await this.#start(name);
    for (const name of machines.slice(1)) {
      await this.simulation.ask(first, (node) => node.join(`${name}:6666`));
    }
    this.#wholeSince = this.simulation.now;
    for (let step = 0; step < steps; step++) {
      await this.#step();
      await this.simulation.run(this.#random() * (this.#pick([30, 300, 9_000]) ?? 0));
      this.#collect();
    }
    await this.#heal();
  }

  /** What is not as it must be, a line each. */
  problems(): readonly string[] {
    return problemsOf(this.simulation, this.#options.machines, this.#services);
  }

  async #step(): Promise<void> {
    const { isHard = false } = this.#options;
    const luck = this.#random();
    if (luck < 0.5) this.#wish();
    else if (luck < 0.53) await this.#losePower();
    else if (luck < 0.6) this.#killTask();
    else if (luck < 0.75) this.#crash();
    else if (luck < 0.9 || !isHard) await this.#restart();
    else this.#fault();
  }

  #wish(): void {
    const machine = this.#pick(this.#up());
    const service = this.#pick(this.#services.filter(({ isAsked }) => !isAsked));
    if (machine === undefined || service === undefined) return;
    const { name, requires } = service;
    const version = ++this.#versions;
    const params = name === "job" ? { v: version, runMs: 2_000 } : { v: version };
    const spec = { name, provider: "virtual", params, requires };
    const action = this.#pick(["deploy", "deploy", "start", "stop", "restart", "remove"] as const);
    if (action === "deploy") {
      this.#ask(machine, service, `running ${version}`, (node) => node.deploy([spec]));
    } else if (action === "remove") {
      this.#ask(machine, service, "absent", (node) => node.act("remove", [name]));
    } else if (action !== undefined) {
      const run = action === "stop" ? "stopped" : "running";
      const versions = [...service.possible].map((wish) => wish.split(" ")[1] ?? "absent");
      const wish =
        new Set(versions).size === 1 && versions[0] !== "absent" ? `${run} ${versions[0]}` : "any";
      this.#ask(machine, service, wish, (node) => node.act(action, [name]));
    }
  }

  #ask(
    machine: string,
    service: Service,
    wish: Wish,
    what: (node: Operations) => Promise<unknown>,
  ): void {
    this.#note(`${machine}: ${service.name} ${wish}`);
    const isCertain = service.isKnownToAll || this.#isSettled();
    const question = this.simulation.begin(machine, what);
    service.isAsked = true;
    this.#asked.push({ question, service, wish, isCertain, machine });
  }

  /** Takes in the answers that have come, and gives up those that cannot come any more. */
  #collect(): void {
    this.#asked = this.#asked.filter((asked) => {
      const { question, service, wish, machine } = asked;
      const { outcome } = question;
      if (outcome === undefined && this.simulation.isUp(machine)) return true;
      service.isAsked = false;
      const isRefused =
        outcome !== undefined && "error" in outcome && codeOf(outcome.error) === "not_found";
      this.#note(`${machine}: ${service.name} ${wish} → ${answerText(outcome)}`);
      if (isRefused) return false;
      const isSure =
        outcome !== undefined && "value" in outcome && asked.isCertain && wish !== "any";
      service.possible = isSure ? new Set([wish]) : new Set([...service.possible, wish]);
      // Others may not have it yet; and what is not sure may yet come true.
      service.isKnownToAll = false;
      return false;
    });
  }

  #killTask(): void {
    const host = this.simulation.host(this.#pick(this.#options.machines) ?? "");
    const task = this.#pick(host.running());
    if (task === undefined) return;
    this.#note(`task of ${task.instance} killed`);
    host.kill(task.instance);
  }

  #crash(): void {
    const machine = this.#pick(this.#up());
    if (machine === undefined) return;
    this.#note(`crash of ${machine}`);
    this.#break(machine);
    this.simulation.crash(machine);
  }

  /** Every machine at once, at the very moment at which something is acknowledged. */
  async #losePower(): Promise<void> {
    const [machine] = this.#up();
    const service = this.#services.find(({ isAsked }) => !isAsked);
    if (machine === undefined || service === undefined) return;
    const { name, requires } = service;
    const wish = `running ${++this.#versions}`;
    const spec = { name, provider: "virtual", params: { v: this.#versions }, requires };
    this.#note(`${machine}: ${name} ${wish}, then power is lost`);
    const isCertain = service.isKnownToAll || this.#isSettled();
    let isAcknowledged = true;
    await this.simulation
      .ask(machine, (node) => node.deploy([spec]))
      .catch(() => {
        isAcknowledged = false;
      });
    const isSure = isAcknowledged && isCertain;
    service.possible = new Set([wish, ...(isSure ? [] : service.possible)]);
    service.isKnownToAll = false;
    for (const up of this.#up()) {
      this.#break(up);
      this.simulation.crash(up);
    }
  }

  async #restart(): Promise<void> {
    const machine = this.#pick(
      this.#options.machines.filter((name) => !this.simulation.isUp(name)),
    );
    if (machine !== undefined) await this.#start(machine);
  }

  async #start(machine: string): Promise<void> {
    this.#note(`start of ${machine}`);
    await this.simulation.start(machine);
    this.#mend(machine);
  }

  #fault(): void {
    const { machines } = this.#options;
    const machine = this.#pick(machines) ?? "";
    const host = this.simulation.host(machine);
    const kind = this.#pick(["kill", "kill", "cut", "mend", "engine"] as const);
    if (kind === "engine") {
      host.isDown = !host.isDown;
      this.#note(`engine of ${machine} ${host.isDown ? "down" : "up"}`);
    } else if (kind === "cut") {
      const other = this.#pick(machines.filter((name) => name !== machine)) ?? "";
      this.#note(`cut between ${machine} and ${other}`);
      this.#break("cut");
      this.simulation.cut(machine, other);
    } else if (kind === "mend") {
      this.#note("cuts mended");
      this.simulation.heal();
      this.#mend("cut");
    } else if (this.simulation.isUp(machine)) {
      const names = this.simulation.actorNames(machine).filter((name) => name !== "mob");
      const workers = names.filter((name) => name.startsWith("provider-worker/"));
      const actor = this.#pick(this.#random() < 0.5 ? names : workers);
      this.#note(`kill of ${actor} on ${machine}`);
      if (actor !== undefined) this.simulation.kill(machine, actor);
    }
  }

  async #heal(): Promise<void> {
    const { machines } = this.#options;
    this.#note("heal");
    for (const name of machines) this.simulation.host(name).isDown = false;
    this.simulation.heal();
    for (const name of machines) if (!this.simulation.isUp(name)) await this.#start(name);
    await this.simulation.run(90_000);
    this.#collect();
  }

  #break(what: string): void {
    if (this.#broken.size === 0) {
      const isSettled = this.#isSettled();
      for (const service of this.#services) {
        service.isKnownToAll = isSettled && !service.isAsked && service.possible.size === 1;
      }
    }
    this.#broken.add(what);
  }

  #mend(what: string): void {
    this.#broken.delete(what);
    this.#wholeSince = this.simulation.now;
  }

  #isSettled(): boolean {
    return this.#broken.size === 0 && this.simulation.now - this.#wholeSince >= settledMs;
  }

  #up(): readonly string[] {
    return this.#options.machines.filter((name) => this.simulation.isUp(name));
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  #note(what: string): void {
    this.log.push(`${this.simulation.now.toFixed(0)} ${what}`);
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

function answerText(outcome: Question<unknown>["outcome"]): string {
  if (outcome === undefined) return "no answer";
  return "value" in outcome ? "done" : String(outcome.error);
}

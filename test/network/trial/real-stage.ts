/**
 * Where a plan is carried out on real nodes, each on a host of its own: processes that are killed are
 * started again as a service manager would, and all faults end when their time comes. To invariants it is
 * a scene, as the simulator's stage is.
 */
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../src/client/client.ts";
import { isGroup, type Spec } from "../../../src/services/group.ts";
import { Disturbances } from "../../../src/simulator/disturbances.ts";
import type { Scene } from "../../../src/simulator/invariants/scene.ts";
import type { Wish } from "../../../src/simulator/wish.ts";
import { eventually } from "../../support/eventually.ts";
import type { Cleanup } from "../../support/lan/cleanup.ts";
import { Lan } from "../../support/lan/lan.ts";
import { LanNode } from "../../support/lan/lan-node.ts";
import { FollowedNode } from "./followed-node.ts";

/** Who follows what happens. */
export interface Audience {
  composed(machine: string, node: FollowedNode): void;
  asked(wish: Wish): void;
  answered(wish: Wish): void;
  /** The node of a machine has ended by itself. */
  gaveUp(machine: string, why: string): void;
  /** Something that the run is made of did not work. */
  broke(error: unknown): void;
  note(what: string): void;
}

export interface RealStageOptions {
  readonly nodes: number;
  /** For homes and data; removed by the caller, afterwards. */
  readonly folder: string;
  /** Keeps what the nodes print. */
  readonly logFolder?: string | undefined;
  readonly audience: Audience;
}

/** What starts a node again waits so long after it ended by itself. */
const startAgainMs = 1_000;
/** A user waits half a minute for an answer, and a start is given up after a whole one. */
const restMsMax = 180_000;
/** What still goes on when all nodes are dead is waited for so long. */
const closeMsMax = 10_000;
/** A node that does not answer for so long stands still, whoever made it: longer than it must be borne. */
const silentMs = 2_000;

export class RealStage implements Scene {
  readonly isTold = "late";
  readonly machines: readonly string[];
  readonly disturbances = new Disturbances();
  readonly lan: Lan;
  readonly audience: Audience;
  readonly #nodes: ReadonlyMap<string, LanNode>;
  readonly #beganAt = performance.now();
  readonly #followed = new Map<string, FollowedNode>();
  readonly #ids = new Map<string, string>();
  /** Machines whose nodes are meant to be down. */
  readonly #down = new Set<string>();
  /** Ends of faults under way. */
  readonly #ends = new Set<() => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** What goes on: starts, and users who wait for answers. */
  readonly #working = new Set<Promise<unknown>>();
  #isOver = false;

  constructor(cleanup: Cleanup, { nodes, folder, logFolder, audience }: RealStageOptions) {
    this.audience = audience;
    this.machines = Array.from({ length: nodes }, (_, i) => `n${i + 1}`);
    cleanup.after(() => this.#close());
    this.lan = Lan.open(cleanup, this.machines);
    const node = (host: Lan["hosts"][number]) => {
      const log = logFolder === undefined ? undefined : join(logFolder, `${host.name}.log`);
      return new LanNode(cleanup, host, join(folder, host.name), log);
    };
    this.#nodes = new Map(this.lan.hosts.map((host) => [host.name, node(host)]));
  }

  /** Starts all nodes; resolves when each knows of all. */
  async begin(): Promise<void> {
    const end = this.disturbances.begin(undefined, this.now);
    const [first = "", ...others] = this.machines;
    await this.#start(first);
    for (const machine of others) this.real(machine).takeKeyOf(this.real(first));
    await Promise.all(others.map((machine) => this.#start(machine)));
    await eventually(
      () =>
        this.machines.every((machine) => {
          const members = this.node(machine)?.catalog.view.members ?? [];
          return members.filter(({ state }) => state === "alive").length === this.machines.length;
        }),
      "every node to know of all",
    );
    end(this.now);
  }

  get now(): number {
    return performance.now() - this.#beganAt;
  }

  isUp(machine: string): boolean {
    return this.#followed.has(machine);
  }

  node(machine: string): FollowedNode | undefined {
    return this.#followed.get(machine);
  }

  idOf(machine: string): string | undefined {
    return this.#ids.get(machine);
  }

  flushed(machine: string) {
    return this.real(machine).flushed();
  }

  versionsIn(spec: Spec): readonly [string | undefined, string | undefined] {
    if (isGroup(spec)) return [undefined, undefined]; // The trial deploys none.
    const { params, env } = spec;
    const { command = "" } = params as { readonly command?: string };
    return [/v=(\d+)/.exec(command)?.[1], env["V"]];
  }

  real(machine: string): LanNode {
    const node = this.#nodes.get(machine);
    if (node === undefined) throw new Error(`there is no machine ${machine}`);
    return node;
  }

  host(machine: string) {
    return this.real(machine).host;
  }

  /** Kills a node, if it runs, and starts it again after `forMs`. */
  crash(machine: string, forMs: number): void {
    if (this.#down.has(machine) || !this.isUp(machine)) return;
    this.#down.add(machine);
    const end = this.disturbances.begin(machine, this.now);
    const gone = this.real(machine).crash();
    this.work(gone);
    this.#unfollow(machine);
    this.undo(forMs, () => {
      this.#down.delete(machine);
      const again = gone.then(() => this.#startAgain(machine));
      this.work(again.finally(() => end(this.now)));
    });
  }

  /** Undoes something `forMs` from now, or when all faults end. */
  undo(forMs: number, undo: () => void): void {
    const end = () => {
      if (this.#ends.delete(end)) undo();
    };
    this.#ends.add(end);
    this.#after(forMs, end);
  }

  /** Others may take the node of this machine, or any, for dead while this lasts, and a little longer. */
  disturb(machine: string | undefined, forMs: number): void {
    const end = this.disturbances.begin(machine, this.now);
    this.undo(forMs, () => end(this.now));
  }

  /** What the stage waits for before it is at rest. */
  work(working: Promise<unknown>): void {
    const done = working.catch((error: unknown) => {
      if (!this.#isOver) this.audience.broke(error);
    });
    this.#working.add(done);
    void done.finally(() => this.#working.delete(done));
  }

  /** Ends all faults; resolves when every node is up and every user answered. */
  async heal(): Promise<void> {
    this.audience.note("all faults end");
    for (const end of [...this.#ends]) end();
    const isAtRest = this.#rest().then(() => true);
    if (await Promise.race([isAtRest, delay(restMsMax, false, { ref: false })])) return;
    this.audience.broke(`${this.#working.size} starts, cuts or users have not come to an end`);
  }

  async #rest(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  /** Kills all nodes within a moment; nobody starts them again. */
  async killAll(): Promise<void> {
    for (const machine of this.machines) this.#down.add(machine);
    await Promise.all(this.machines.map((machine) => this.real(machine).crash()));
  }

  async #start(machine: string): Promise<void> {
    const [first = "", second = ""] = this.machines;
    const joined = [first, second].filter((name) => name !== machine && name !== "");
    const join = joined.flatMap((name) => ["--join", `${this.host(name).address}:6666`]);
    const node = this.real(machine);
    const own = ["--name", machine, "--bind", node.host.address, "-P", "bash"];
    await node.start([...own, ...join], () => this.#onEnded(machine));
    const id = await ownId(node, machine);
    const boot = bootOn(node.flushed().get("n/identity"));
    const followed = new FollowedNode({ node, id, boot, asking: () => this.#asking(machine) });
    this.#followed.set(machine, followed);
    this.#ids.set(machine, id);
    this.audience.composed(machine, followed);
    followed.begin();
  }

  async #startAgain(machine: string): Promise<void> {
    if (this.#isOver || this.#down.has(machine)) return;
    await this.#start(machine);
    this.audience.note(`${machine} is up again`);
  }

  #onEnded(machine: string): void {
    this.#unfollow(machine);
    if (this.#down.has(machine) || this.#isOver) return;
    this.audience.gaveUp(machine, this.real(machine).printed.slice(-2_000));
    const end = this.disturbances.begin(machine, this.now);
    const again = delay(startAgainMs).then(() => this.#startAgain(machine));
    this.work(again.finally(() => end(this.now)));
  }

  #unfollow(machine: string): void {
    const followed = this.#followed.get(machine);
    this.#followed.delete(machine);
    if (followed !== undefined) this.work(followed.end());
  }

  /** A machine whose node is silent is disturbed, for as long as it is. */
  #asking(machine: string): () => void {
    const since = this.now;
    let end: ((toMs: number) => void) | undefined;
    const timer = this.#after(silentMs, () => {
      this.audience.note(`${machine} has been silent for ${silentMs} ms`);
      end = this.disturbances.begin(machine, since);
    });
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
      end?.(this.now);
    };
  }

  #after(ms: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  async #close(): Promise<void> {
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.killAll();
    for (const end of [...this.#ends]) end();
    // Whatever does not end with the nodes must not keep the rest from being undone.
    await Promise.race([Promise.all(this.#working), delay(closeMsMax, undefined, { ref: false })]);
    for (const followed of this.#followed.values()) await followed.end();
  }
}

/** A node that starts on a machine that is busy may not answer at first. */
async function ownId(node: LanNode, machine: string): Promise<string> {
  const client = createClient(node.endpoint);
  try {
    return await eventually(async () => {
      const nodes = await client.nodes().catch(() => []);
      return nodes.find(({ name }) => name === machine)?.id;
    }, `the node on ${machine} to say who it is`);
  } finally {
    client.close();
  }
}

function bootOn(identity: Uint8Array | undefined): number {
  const { boot } = JSON.parse(new TextDecoder().decode(identity ?? Buffer.from("{}"))) as {
    readonly boot?: number;
  };
  if (boot === undefined) throw new Error("a node that runs has no identity on its disk");
  return boot;
}

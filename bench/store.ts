/**
 * The replicated store on three node processes of this machine, against three of etcd's in the same run,
 * their data side by side on one disk: durable writes and reads from any node; and what 10,000 services
 * cost one node. Three bare Node processes (`floor-node.ts`) tell how much of the distance is Mob's.
 * `MOB_BENCH_SECONDS` (default 3) is how long each rate is measured, in two turns.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { asInstanceId, asNodeId, asServiceName } from "../src/core/ids.ts";
import { newStatus } from "../src/services/instance-status.ts";
import { keys } from "../src/services/keys.ts";
import { groupToJson, type PlacementRecord, type StatusRecord } from "../src/services/records.ts";
import { parseSpec } from "../src/services/spec.ts";
import type { Entry } from "../src/store/replication.ts";
import { built } from "./built.ts";
import { Etcd, etcdVersion } from "./etcd.ts";
import { histogramOf } from "./histogram.ts";
import { freePort } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";
import { percentile } from "./statistics.ts";
import { StoreNode } from "./store-node.ts";

export const name = "store, three nodes";

const seconds = Number(process.env["MOB_BENCH_SECONDS"] ?? 3);
const services = 10_000;
const valueBytes = 256;
/** Records that are written over and over. */
const keyCount = 1_000;

/** Of the histograms of durable writes, in ms. */
const writeBucketMs = 5;

/** One request of a client, through the node of that number. */
type Send = (node: number, key: string) => Promise<unknown>;

export async function run(): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "mob-bench-"));
  const mob = await built("store-node.ts");
  const bare = await built("floor-node.ts");
  const nodes: StoreNode[] = [];
  const floor: StoreNode[] = [];
  let etcd: Etcd | undefined;
  try {
    nodes.push(...(await startNodes(folder, mob.path)));
    floor.push(...(await startNodes(folder, bare.path)));
    const version = etcdVersion();
    if (version !== undefined) etcd = await Etcd.start(folder, await freePorts(6));
    else console.error("etcd is not installed: nothing to compare with (Debian: etcd-server)");
    return [
      ...(await rates({ nodes, floor, etcd }, `etcd ${version}`)),
      ...(await manyServices(nodes)),
    ];
  } finally {
    etcd?.stop();
    for (const node of [...nodes, ...floor]) node.stop();
    for (const program of [mob, bare]) program.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startNodes(folder: string, program: string): Promise<readonly StoreNode[]> {
  const ports = await freePorts(3);
  const nodes = ports.map((port) => {
    const own = join(folder, String(port));
    mkdirSync(own);
    const peers = ports.filter((other) => other !== port);
    const networkKeyFile = join(folder, "network.key");
    return new StoreNode({ folder: own, networkKeyFile, port, join: peers }, program);
  });
  for (const node of nodes) while ((await node.ask({ kind: "live" })) !== 3) await setTimeout(50);
  await setTimeout(3_000); // Until they have compared all they hold.
  return nodes;
}

/** Those who are asked, in turns. */
interface Contenders {
  readonly nodes: readonly StoreNode[];
  readonly floor: readonly StoreNode[];
  readonly etcd: Etcd | undefined;
}

async function rates(
  { nodes, floor, etcd }: Contenders,
  reference: string,
): Promise<BenchResult[]> {
  const text = "x".repeat(valueBytes);
  const bytes = Buffer.from(text);
  const writeAt =
    (those: readonly StoreNode[]): Send =>
    (node, key) =>
      at(those, node).ask({ kind: "write", entries: [{ key, value: text }] });
  const [ours, bare] = [writeAt(nodes), writeAt(floor)];
  const read: Send = (node, key) => at(nodes, node).ask({ kind: "read", key });
  const theirs: Send | undefined = etcd && ((node, key) => etcd.put(node, key, bytes));
  const theirRead: Send | undefined = etcd && ((node, key) => etcd.get(node, key));
  // Code that has run a few times is compiled, and shards are open, as in a node in use.
  for (const send of [ours, bare, theirs]) if (send !== undefined) await writeAll(send);
  const results: BenchResult[] = [];
  for (const clients of [1, 64]) {
    const what = `durable writes, ${manyClients(clients)}`;
    const [mine, its, least] = await inTurns([ours, theirs, bare], clients);
    results.push(...compare(what, mine, its, reference, true));
    results.push(...compareFloor(what, mine, its, least, reference));
  }
  for (const clients of [1, 64]) {
    const [mine, its] = await inTurns([read, theirRead], clients);
    results.push(...compare(`reads, ${manyClients(clients)}`, mine, its, reference, false));
  }
  return results;
}

function at(nodes: readonly StoreNode[], node: number): StoreNode {
  return nodes[node % nodes.length] ?? fail();
}

function manyClients(clients: number): string {
  return `${clients} client${clients > 1 ? "s" : ""}`;
}

/** Every key twice. */
async function writeAll(send: Send): Promise<void> {
  const clients = 32;
  const client = async (first: number) => {
    for (let n = first; n < 2 * keyCount; n += clients) await send(n, `bench/${n % keyCount}`);
  };
  await Promise.all(Array.from({ length: clients }, (_, first) => client(first)));
}

/** The times of each, in two turns; none of one that is not there. */
async function inTurns(
  sends: readonly (Send | undefined)[],
  clients: number,
): Promise<readonly [number[], number[], number[]]> {
  const times: [number[], number[], number[]] = [[], [], []];
  for (let turn = 0; turn < 2; turn++) {
    for (const [of, send] of sends.entries()) {
      // One by one: reads for many seconds are more than a call takes arguments.
      if (send !== undefined) for (const ms of await measure(send, clients)) times[of]?.push(ms);
    }
  }
  return times;
}

/** The time of each request, ms; `clients` ask one after the other for half of `seconds`. */
async function measure(send: Send, clients: number): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + seconds * 500;
  const client = async (number: number) => {
    for (let n = number; performance.now() < until; n += clients) {
      const beganAt = performance.now();
      await send(number, `bench/${n % keyCount}`);
      times.push(performance.now() - beganAt);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  return times;
}

function compare(
  what: string,
  ours: readonly number[],
  theirs: readonly number[],
  name: string,
  isGoal: boolean,
): BenchResult[] {
  const line = (
    metric: string,
    unit: string,
    of: (times: readonly number[]) => number,
    goal?: { readonly text: string; readonly isMet: (ratio: number) => boolean },
  ): BenchResult => {
    if (theirs.length === 0) return { metric, unit, ours: of(ours) };
    const ratio = of(ours) / of(theirs);
    const compared = {
      metric,
      unit,
      ours: of(ours),
      reference: { name, value: of(theirs) },
      ratio,
    };
    return goal === undefined ? compared : { ...compared, goal: goal.text, met: goal.isMet(ratio) };
  };
  const rate = { text: "at least etcd's", isMet: (ratio: number) => ratio >= 1 };
  const late = { text: "at most etcd's", isMet: (ratio: number) => ratio <= 1 };
  const p99 = line(
    `${what}: p99`,
    "ms",
    (times) => percentile(times, 0.99),
    isGoal ? late : undefined,
  );
  return [
    line(what, "a second", (times) => times.length / seconds, isGoal ? rate : undefined),
    line(`${what}: median`, "ms", (times) => percentile(times, 0.5)),
    isGoal ? { ...p99, histogram: histogramOf(ours, writeBucketMs) } : p99,
  ];
}

/** What three bare Node processes reach, against etcd; and how much of that is ours. */
function compareFloor(
  what: string,
  ours: readonly number[],
  theirs: readonly number[],
  floor: readonly number[],
  name: string,
): BenchResult[] {
  const rateOf = (times: readonly number[]) => times.length / seconds;
  const p99Of = (times: readonly number[]) => percentile(times, 0.99);
  const against = (metric: string, unit: string, mine: number, other: string, value: number) => ({
    metric: `${what}: ${metric}`,
    unit,
    ours: mine,
    reference: { name: other, value },
    ratio: mine / value,
  });
  const bare = [
    against("Mob's", "a second", rateOf(ours), "bare Node", rateOf(floor)),
    against("Mob's p99", "ms", p99Of(ours), "bare Node", p99Of(floor)),
  ];
  if (theirs.length === 0) return bare;
  return [
    ...bare,
    against("bare Node's", "a second", rateOf(floor), name, rateOf(theirs)),
    {
      ...against("bare Node's p99", "ms", p99Of(floor), name, p99Of(theirs)),
      histogram: histogramOf(floor, writeBucketMs),
    },
  ];
}

/** Writes many services as if they were placed and ran, and has one node list them. */
async function manyServices(nodes: readonly StoreNode[]): Promise<BenchResult[]> {
  const node = nodes[0] ?? fail();
  const heap = async () => Number(await node.ask({ kind: "heap" }));
  const before = await heap();
  for (let first = 0; first < services; first += 100) {
    const names = Array.from({ length: 100 }, (_, n) => `service-${first + n}`);
    await Promise.all(names.map((one) => node.ask({ kind: "write", entries: recordsOf(one) })));
  }
  const after = await heap();
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const listed = (await node.ask({ kind: "list" })) as { count: number; ms: number };
    if (listed.count !== services) throw new Error(`${listed.count} services of ${services}`);
    times.push(listed.ms);
  }
  return [
    { metric: "listing 10,000 services: median", unit: "ms", ours: percentile(times, 0.5) },
    { metric: "heap of a node for 10,000 services", unit: "MiB", ours: (after - before) / 2 ** 20 },
  ];
}

/** What the store holds of a service that runs. */
function recordsOf(name: string): readonly Entry[] {
  const service = asServiceName(name);
  const uid = "0123456789abcdef";
  const node = asNodeId("0".repeat(32));
  const instance = asInstanceId(Buffer.from(name).toString("hex").slice(-16));
  const command = "while true; do date; sleep 1; done";
  const spec = parseSpec({ name, provider: "bash", params: { command } });
  const placement: PlacementRecord = {
    service,
    slot: 0,
    instance,
    node,
    refusals: [],
    epoch: { counter: 1, controller: node },
    uid,
    specStamp: "1",
    provider: "bash",
  };
  const running = { ...newStatus(0), state: "running", handle: { pid: 1 } } as const;
  const status: StatusRecord = { service, instance, uid, node, status: running };
  return [
    { key: keys.spec(service), value: groupToJson({ name: service, uid, spec, generation: 1 }) },
    { key: keys.runState(service), value: { uid, run: "running" } },
    { key: keys.placement(service, 0), value: placement },
    { key: keys.status(service, instance), value: status },
  ];
}

async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  return ports;
}

function fail(): never {
  throw new RangeError("there is no such node");
}

/**
 * How long what ran on a host that vanishes is away: real nodes in network namespaces, ten hosts on one
 * switch. A host is cut off and all of its processes are killed in one moment, so that nobody is told of it;
 * the clock of each of its services runs until the first command of its next task has run elsewhere.
 * Needs root and iproute2; left out elsewhere.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Client, createClient } from "../src/client/client.ts";
import { sendSignal } from "../src/keeper/process-identity.ts";
import { Undoing } from "../test/support/lan/cleanup.ts";
import { Lan } from "../test/support/lan/lan.ts";
import { LanNode } from "../test/support/lan/lan-node.ts";
import { whyNoLan } from "../test/support/lan/tools.ts";
import { histogramOf } from "./histogram.ts";
import { bashService } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";
import { Signs } from "./signs.ts";
import { percentile } from "./statistics.ts";

export const name = "failover";

const hostCount = 10;
const serviceCount = 200;
const bucketMs = 500;
/** Between a host's return and the next one's end: all hold all, and nothing is being moved. */
const calmMs = 15_000;

interface Hosts {
  readonly lan: Lan;
  readonly nodes: readonly LanNode[];
  /** Of the first, which does not vanish. */
  readonly client: Client;
  readonly signs: Signs;
}

export async function run(): Promise<readonly BenchResult[]> {
  const whyNot = whyNoLan();
  if (whyNot !== false) {
    console.error(`failover is left out: ${whyNot}`);
    return [];
  }
  const undoing = new Undoing();
  const folder = mkdtempSync(join(tmpdir(), "mob-bench-"));
  try {
    return await measure(await startHosts(undoing, folder));
  } finally {
    await undoing.run();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startHosts(undoing: Undoing, folder: string): Promise<Hosts> {
  const names = Array.from({ length: hostCount }, (_, i) => `h${i + 1}`);
  const lan = Lan.open(undoing, names);
  const nodes = lan.hosts.map((host) => new LanNode(undoing, host, join(folder, host.name)));
  const [first] = nodes;
  if (first === undefined) throw new Error("no hosts");
  for (const node of nodes) {
    if (node !== first) node.takeKeyOf(first);
    await start(node, first);
  }
  const client = createClient(first.endpoint);
  const signs = new Signs(folder);
  undoing.after(() => {
    client.close();
    signs.close();
  });
  await untilLive(client, hostCount);
  return { lan, nodes, client, signs };
}

async function measure(hosts: Hosts): Promise<readonly BenchResult[]> {
  const { client, signs, nodes } = hosts;
  const names = Array.from({ length: serviceCount }, (_, i) => `service-${i}`);
  const services = names.map((one) => bashService(one, signs.command(one)));
  const run = Promise.all(names.map((one) => signs.appeared(one)));
  await client.deploy(services);
  await run;
  const some: number[] = [];
  for (const node of nodes.slice(1)) some.push(...(await vanish(hosts, node)));
  const [, last] = nodes;
  const all = last === undefined ? [] : await allOnOne(hosts, last);
  return [
    ...figures(`${hostCount - 1} hosts, one after the other`, some, [5_000, 8_000]),
    ...figures("one host with all services", all, []),
  ];
}

/** Has every service on one host, which then vanishes. */
async function allOnOne(hosts: Hosts, node: LanNode): Promise<readonly number[]> {
  const { client } = hosts;
  const others = (await client.nodes())
    .map((one) => one.name)
    .filter((one) => one !== node.host.name);
  for (const other of others) await client.drain(other);
  while ((await servicesOn(client, node)).length < serviceCount) await setTimeout(500);
  for (const other of others) await client.undrain(other);
  return await vanish(hosts, node);
}

/** Of each service of the host, for how long it did not run, ms. The host is back afterwards. */
async function vanish(hosts: Hosts, node: LanNode): Promise<readonly number[]> {
  const { lan, nodes, client, signs } = hosts;
  await setTimeout(calmMs);
  const lost = await servicesOn(client, node);
  const beganAt = performance.now();
  const times = Promise.all(
    lost.map(async (service) => {
      await signs.appeared(service);
      return performance.now() - beganAt;
    }),
  );
  const plugIn = lan.unplug(node.host);
  for (const pid of node.processes()) sendSignal(pid, "SIGKILL");
  const taken = await times;
  plugIn();
  const [first = node] = nodes;
  await start(node, first);
  await untilLive(client, hostCount);
  return taken;
}

function start(node: LanNode, first: LanNode): Promise<void> {
  const { name, address } = node.host;
  const own = ["--name", name, "--bind", address, "-P", "bash"];
  return node.start(node === first ? own : [...own, "--join", `${first.host.address}:6666`]);
}

async function untilLive(client: Client, count: number): Promise<void> {
  const isLive = async () =>
    (await client.nodes()).filter(({ state }) => state === "alive").length === count;
  while (!(await isLive())) await setTimeout(100);
}

async function servicesOn(client: Client, { host }: LanNode): Promise<readonly string[]> {
  const all = await client.services();
  return all
    .filter(({ node, state }) => node === host.name && state === "running")
    .map(({ name: service }) => service);
}

/** @param goalsMs for the median and the 99th percentile, of ten hosts */
function figures(
  what: string,
  times: readonly number[],
  goalsMs: readonly number[],
): readonly BenchResult[] {
  const histogram = histogramOf(times, bucketMs);
  const at = (part: number, words: string, goalMs?: number): BenchResult => {
    const ours = percentile(times, part);
    const metric = `${what}, until a service runs elsewhere: ${words} of ${times.length}`;
    const result = { metric, unit: "ms", ours };
    if (goalMs === undefined) return result;
    return { ...result, goal: `within ${goalMs}`, met: ours <= goalMs };
  };
  const [medianMs, p99Ms] = goalsMs;
  return [at(0.5, "median", medianMs), at(0.99, "p99", p99Ms), { ...at(1, "the last"), histogram }];
}

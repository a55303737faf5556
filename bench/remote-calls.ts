/**
 * Calls between actors of two node processes, over the port's own TLS: one at a time, a thousand
 * outstanding, and large ones; against bare TLS that carries frames of the same lengths between the same
 * two processes, and against Erlang's own distribution where `erl` is installed. Then what a handshake
 * and an idle connection cost, against those of bare TLS.
 */
import { createNodeKey } from "../src/trust/node-key.ts";
import { ErlangPair } from "./remote/erlang.ts";
import { PeerStack } from "./remote/peer-stack.ts";
import { TwoProcesses } from "./remote/two-processes.ts";
import type { BenchResult } from "./result.ts";
import { median } from "./statistics.ts";

export const name = "remote calls";

const text = "hello, other node";
const rounds = 9;
const outstanding = 1_000;
/** Of Erlang on the machine whose figures docs/benchmarks.md has: what is to be beaten. */
const callsASecondMin = 58_000;
const largeBytes = 1024 * 1024;
/** Bytes count as unsent until all that was written with them is: twice as many may be, within the queue's bound. */
const largeOutstanding = 4;
const handshakes = 40;
const idlePeers = 200;

export async function run(): Promise<readonly BenchResult[]> {
  return [...(await calls()), ...(await handshakeCost()), ...(await idleCost())];
}

async function calls(): Promise<BenchResult[]> {
  const two = await TwoProcesses.start();
  const erlang = await ErlangPair.start();
  try {
    await two.stack.dialer()(two.other.address, two.other.id);
    return [await oneAtATime(two), ...(await manyAtATime(two, erlang)), await large(two)];
  } finally {
    erlang?.close();
    two.close();
  }
}

async function oneAtATime(two: TwoProcesses): Promise<BenchResult> {
  const count = 2_000;
  const bare = await two.bare("echo", text, text);
  const ours = () => together(count, 1, () => two.call("echo", text));
  const [callMs, echoMs] = await inTurn([ours, () => bare.ask(count, 1)]);
  await bare.close();
  const metric = "calls, one at a time (higher is better)";
  return rate(metric, count, callMs, "bare TLS echo", echoMs, 0.8);
}

async function manyAtATime(
  two: TwoProcesses,
  erlang: ErlangPair | undefined,
): Promise<BenchResult[]> {
  const count = 30_000;
  const bare = await two.bare("echo", text, text);
  const ours = () => together(count, outstanding, () => two.call("echo", text));
  const theirs = erlang === undefined ? [] : [() => erlang.ask(count, outstanding)];
  const [callMs, echoMs, erlangMs] = await inTurn([
    ours,
    () => bare.ask(count, outstanding),
    ...theirs,
  ]);
  await bare.close();
  const metric = `calls, ${outstanding} outstanding (higher is better)`;
  const pipelined = rate(metric, count, callMs, "bare TLS echo", echoMs);
  if (erlangMs === undefined) {
    const goal = `over ${callsASecondMin} (erl is not installed)`;
    return [{ ...pipelined, goal, met: pipelined.ours > callsASecondMin }];
  }
  return [pipelined, rate(metric, count, callMs, "Erlang's distribution", erlangMs, 1)];
}

async function large(two: TwoProcesses): Promise<BenchResult> {
  const count = 100;
  const body = new Uint8Array(largeBytes).fill(7);
  const bare = await two.bare("take", body, largeBytes);
  const [callMs, echoMs] = await inTurn([
    () => together(count, largeOutstanding, () => two.call("take", body)),
    () => bare.ask(count, largeOutstanding),
  ]);
  await bare.close();
  const metric = `MiB in calls of 1 MiB, ${largeOutstanding} outstanding (higher is better)`;
  return rate(metric, count, callMs, "bare TLS", echoMs);
}

/** Each in every round, each at first in as many; their ms, and the first round only warms up. */
async function inTurn(
  works: readonly (() => Promise<unknown>)[],
): Promise<readonly (readonly number[])[]> {
  const times = works.map(() => [] as number[]);
  for (let round = -1; round < rounds; round++) {
    for (let at = 0; at < works.length; at++) {
      const which = (at + round + works.length) % works.length;
      const beganAt = performance.now();
      await works[which]?.();
      if (round >= 0) times[which]?.push(performance.now() - beganAt);
    }
  }
  return times;
}

/** `count` times `work`, `atOnce` of them at a time. */
async function together(
  count: number,
  atOnce: number,
  work: () => Promise<unknown>,
): Promise<void> {
  let left = count;
  const repeat = async () => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, repeat));
}

/** Of `count` things a round: how many a second, by the median; the ratio is that of the rounds. */
function rate(
  metric: string,
  count: number,
  oursMs: readonly number[] = [],
  name: string,
  theirsMs: readonly number[] = [],
  least?: number,
): BenchResult {
  const ratio = median(oursMs.map((ms, round) => (theirsMs[round] ?? Number.NaN) / ms));
  const perSecond = (ms: readonly number[]) => (count * 1_000) / median(ms);
  const reference = { name, value: perSecond(theirsMs) };
  const result = { metric, unit: "1/s", ours: perSecond(oursMs), reference, ratio };
  if (least === undefined) return result;
  return { ...result, goal: `at least ${least} of ${name}`, met: ratio >= least };
}

/** A link of two peers is two connections with a handshake each, of which the second resumes TLS. */
async function handshakeCost(): Promise<BenchResult[]> {
  const two = await TwoProcesses.start();
  const { address, id } = two.other;
  try {
    const kept = two.stack.dialer();
    await (await kept(address, id)).close("only its session is wanted");
    const costs = await costsOf(two, [
      async () => (await two.stack.dialer()(address, id)).close("measured"),
      async () => (await kept(address, id)).close("measured"),
      async () => (await two.bare("echo", text, text)).close(),
    ]);
    const [fresh, resumed, bare] = costs;
    return [
      ...costResults("a peer's two connections", fresh, bare),
      ...costResults("the same, TLS resumed", resumed, bare),
    ];
  } finally {
    two.close();
  }
}

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

const noCost: Cost = { wallMs: Number.NaN, cpuMs: Number.NaN };

/** Of each work, alone for `handshakes` times: what one of them takes, at both ends together. */
async function costsOf(
  two: TwoProcesses,
  works: readonly (() => Promise<unknown>)[],
): Promise<readonly Cost[]> {
  const costs: Cost[] = [];
  for (const work of works) {
    for (let i = 0; i < handshakes / 4; i++) await work();
    const before = await cpuOfBoth(two);
    const beganAt = performance.now();
    for (let i = 0; i < handshakes; i++) await work();
    const wallMs = (performance.now() - beganAt) / handshakes;
    costs.push({ wallMs, cpuMs: ((await cpuOfBoth(two)) - before) / handshakes });
  }
  return costs;
}

async function cpuOfBoth(two: TwoProcesses): Promise<number> {
  const { cpuMs } = await two.usage();
  const { user, system } = process.cpuUsage();
  return cpuMs + (user + system) / 1_000;
}

function costResults(what: string, ours = noCost, bare = noCost): BenchResult[] {
  const result = (kind: string, of: (cost: Cost) => number): BenchResult => ({
    metric: `handshake of ${what}: ${kind} (lower is better)`,
    unit: "ms",
    ours: of(ours),
    reference: { name: "one bare mutual TLS", value: of(bare) },
    ratio: of(ours) / of(bare),
  });
  return [result("time", (cost) => cost.wallMs), result("CPU, both ends", (cost) => cost.cpuMs)];
}

/** What idle ones take at the end that was dialed, in a process that has nothing else. */
async function idleCost(): Promise<BenchResult[]> {
  const ours = await bytesEach(idlePeers, async (two) => {
    const key = await createNodeKey();
    await new PeerStack(key).dialer()(two.other.address, two.other.id);
  });
  const bare = await bytesEach(idlePeers * 2, async (two) => {
    await two.bare("echo", text, text);
  });
  return [
    {
      metric: "an idle connection, two of which are a peer (lower is better)",
      unit: "KiB",
      ours: ours / 2 / 1024,
      reference: { name: "bare TLS socket", value: bare / 1024 },
      ratio: ours / 2 / bare,
    },
  ];
}

/** The growth of the other process by what `connect` does `count` times, for each. */
async function bytesEach(
  count: number,
  connect: (two: TwoProcesses) => Promise<void>,
): Promise<number> {
  const two = await TwoProcesses.start();
  try {
    for (let i = 0; i < count / 4; i++) await connect(two); // What the first of them need once.
    const { rssBytes: before } = await two.usage();
    for (let i = 0; i < count; i++) await connect(two);
    return ((await two.usage()).rssBytes - before) / count;
  } finally {
    two.close();
  }
}

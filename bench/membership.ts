/**
 * Membership by itself, in virtual time: how soon deaths are known, that nobody dies who lives, what a
 * quiet node sends, and what a node among a thousand costs. Times are exact on any machine; CPU and
 * memory are not. `MOB_NODE_HOURS` (default 50) bounds the search for false deaths.
 */
import { stepMembership } from "../src/membership/membership.ts";
import { startMembership } from "../src/membership/state.ts";
import type { Facts, MemberRecord } from "../src/membership/view.ts";
import { idOf } from "../src/simulator/member-host.ts";
import { MemberNetwork } from "../src/simulator/member-network.ts";
import { decode, encode } from "../src/wire/codec.ts";
import { detectionTimes, type End, type Series } from "./detection-times.ts";
import { histogramOf } from "./histogram.ts";
import type { BenchResult } from "./result.ts";
import { percentile } from "./statistics.ts";

export const name = "membership, simulated";

const nodeHours = Number(process.env["MOB_NODE_HOURS"] ?? 50);

/** Goals for p99, in ms: of a killed process, and of a host that is gone. */
const goals: readonly (Series & Readonly<Record<End, number | undefined>>)[] = [
  { size: 2, rounds: 200, victims: 1, everyMs: 0, crash: 1_000, vanish: 7_000 },
  { size: 10, rounds: 200, victims: 1, everyMs: 0, crash: 1_000, vanish: 7_000 },
  { size: 100, rounds: 5, victims: 20, everyMs: 3_000, crash: 1_000, vanish: 9_500 },
  { size: 1_000, rounds: 1, victims: 50, everyMs: 1_000, crash: undefined, vanish: 12_000 },
];

const ends = { crash: "process killed", vanish: "host vanished" } as const;
/** Of the histograms, in ms. */
const bucketMs = { crash: 50, vanish: 500 } as const;

export async function run(): Promise<readonly BenchResult[]> {
  const detections = goals.flatMap((series) => [
    ...detection(series, "crash"),
    ...detection(series, "vanish"),
  ]);
  const quiets = [3, 10, 100, 1_000].flatMap(quiet);
  return [...detections, storm(), falseDeaths(), ...quiets, memory()];
}

/** Blank nodes that join one after the other, each by one of three that are there. */
function storm(): BenchResult {
  const [size, startsMs, contacts] = [1_000, 10_000, 3];
  const network = new MemberNetwork({ seed: 1, size, isTraced: false });
  for (let node = 0; node < size; node++) {
    network.start(node);
    if (node > 0) network.join(node, node < contacts ? 0 : node % contacts);
    network.run(startsMs / size);
  }
  const known = () => network.hosts.map(({ number }) => network.state(number).roster.hash);
  const beganAt = network.now;
  while (new Set(known()).size > 1) network.run(100);
  const metric = `${size} nodes joined within ${startsMs / 1_000} s, the last one until all know all`;
  return goalOf(metric, "ms", network.now - beganAt, 12_000);
}

function detection(series: (typeof goals)[number], end: End): readonly BenchResult[] {
  const times = detectionTimes(series, end);
  const what = `${series.size} nodes, ${ends[end]}, known by all`;
  const common = { unit: "ms" };
  const p99 = percentile(times, 0.99);
  const most = series[end];
  const goal = most === undefined ? {} : { goal: `within ${most}`, met: p99 <= most };
  const histogram = histogramOf(times, bucketMs[end]);
  return [
    { ...common, metric: `${what}: median of ${times.length}`, ours: percentile(times, 0.5) },
    { ...common, metric: `${what}: p99`, ours: p99, ...goal, histogram },
  ];
}

/** Ten nodes; 5 % of the messages come after their timeout, and one node a minute stands still for 1.99 s. */
function falseDeaths(): BenchResult {
  const size = 10;
  const late = { share: 0.05, msMin: 200, msMax: 1_000 };
  const network = new MemberNetwork({ seed: 5, size, late, isTraced: false });
  network.startAll();
  network.run(10_000);
  let deaths = 0;
  network.onView = (_host, { members }) => {
    deaths += members.filter(({ state }) => state === "dead" || state === "away").length;
  };
  for (let minute = 0; minute < (nodeHours * 60) / size; minute++) {
    network.stall(minute % size, 1_990);
    network.run(60_000);
  }
  const metric = `false deaths in ${nodeHours} node-hours, 5 % of messages late, stalls of 2 s`;
  return { metric, unit: "deaths", ours: deaths, goal: "none", met: deaths === 0 };
}

function quiet(size: number): readonly BenchResult[] {
  const network = new MemberNetwork({ seed: 9, size, isTraced: false });
  network.startAll();
  network.run(20_000);
  let bytes = 0;
  network.onMessage = (message) => {
    bytes += encode(message).length + 4; // And the frame's length.
  };
  const seconds = 60;
  const before = network.sent;
  network.run(seconds * 1_000);
  const messages = (network.sent - before) / seconds / size;
  const bytesASecond = bytes / seconds / size;
  network.onMessage = () => {};
  const beganAt = process.cpuUsage();
  network.run(seconds * 1_000);
  const { user, system } = process.cpuUsage(beganAt);
  const share = (user + system) / 1e6 / seconds / size;
  const what = `${size} nodes, quiet`;
  return [
    goalOf(`${what}: messages a node`, "a second", messages, 6),
    goalOf(`${what}: bytes a node, TLS and TCP aside`, "a second", bytesASecond, 2_000),
    goalOf(`${what}: CPU of membership a node, of a core`, "%", share * 100, 1),
  ];
}

/** Of a node that knows a thousand others, told by as many messages of peers, as they come from a socket. */
function memory(): BenchResult {
  const known = 1_000;
  const networks = 5;
  const facts: Facts = {
    providers: ["bash", "docker", "qemu"].map((type) => ({
      type,
      available: true,
      version: "1.2.3",
      features: ["cgroup-v2"],
    })),
    labels: { zone: "eu", rack: "r12" },
    version: "0.1.0",
  };
  const recordOf = (number: number): MemberRecord => ({
    id: idOf(number),
    name: `node-${number}`,
    address: `10.0.${number >> 8}.${number & 255}:6666`,
    incarnation: 2 ** 24,
    state: "alive",
    facts,
  });
  const told = Array.from({ length: known }, (_, number) =>
    encode({ kind: "members", members: [recordOf(number + 1)], wanted: [], more: true }),
  );
  const kept: unknown[] = [];
  const before = heapBytes();
  for (let n = 0; n < networks; n++) {
    const self = { ...recordOf(0), boot: 1 };
    const state = startMembership(self, 0, () => 0.5);
    for (const bytes of told) {
      const message = decode(bytes);
      if (message.kind !== "members") throw new Error(`decoded to ${message.kind}`);
      stepMembership(state, { kind: "received", from: idOf(1), message }, 1);
    }
    state.broadcasts.clear();
    kept.push(state);
  }
  const kib = (heapBytes() - before) / networks / 1024;
  if (kept.length === 0) throw new Error("nothing was measured");
  return { metric: `memory for ${known} members that a node knows`, unit: "KiB", ours: kib };
}

/** After a collection. */
function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function goalOf(metric: string, unit: string, ours: number, most: number): BenchResult {
  return { metric, unit, ours, goal: `at most ${most}`, met: ours <= most };
}

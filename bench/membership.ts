/**
 * Membership by itself, in virtual time: how soon deaths are known, that nobody dies who lives, what a
 * quiet node sends, and what a node of a thousand costs. `MOB_NODE_HOURS` (default 20) bounds the search
 * for false deaths; the results in docs/benchmarks.md are of 1,000.
 */

import { MemberNetwork } from "../src/simulator/member-network.ts";
import { encode } from "../src/wire/codec.ts";
import type { BenchResult } from "./result.ts";
import { percentile } from "./statistics.ts";

export const name = "membership, simulated";

const nodeHours = Number(process.env["MOB_NODE_HOURS"] ?? 20);

/** p99 goals in ms, by size; and how many deaths are measured. */
const sizes = [
  { size: 2, trials: 200, goneMs: 7_000, awayMs: 1_000 },
  { size: 10, trials: 200, goneMs: 7_000, awayMs: 1_000 },
  { size: 100, trials: 30, goneMs: 9_500, awayMs: 1_000 },
  { size: 1_000, trials: 6, goneMs: 12_000, awayMs: 1_000 },
] as const;

export async function run(): Promise<readonly BenchResult[]> {
  return [...sizes.flatMap(detection), falseDeaths(), ...quiet()];
}

function detection({ size, trials, goneMs, awayMs }: (typeof sizes)[number]): BenchResult[] {
  const network = new MemberNetwork({ seed: size, size, isTraced: false });
  network.startAll();
  network.run(20_000);
  const times = { crash: [] as number[], vanish: [] as number[] };
  for (let trial = 0; trial < trials; trial++) {
    for (const end of ["crash", "vanish"] as const) {
      const victim = (trial * 7 + 1) % size;
      network.run(3_000 + ((trial * 137) % 1_000));
      times[end].push(timeUntilKnown(network, victim, end));
      network.start(victim);
      network.join(victim, (victim + 1) % size);
      network.run(20_000);
    }
  }
  const line = (what: string, all: readonly number[], goalMs: number): BenchResult[] => [
    {
      metric: `${size} nodes, ${what}, known by all: median`,
      unit: "ms",
      ours: percentile(all, 0.5),
    },
    {
      metric: `${size} nodes, ${what}, known by all: p99 of ${trials}`,
      unit: "ms",
      ours: percentile(all, 0.99),
      goal: `within ${goalMs}`,
      met: percentile(all, 0.99) <= goalMs,
    },
  ];
  return [
    ...line("process killed", times.crash, awayMs),
    ...line("host vanished", times.vanish, goneMs),
  ];
}

/** From the end of a node until every other one has published it. */
function timeUntilKnown(network: MemberNetwork, victim: number, end: "crash" | "vanish"): number {
  const { id } = network.host(victim);
  const knowing = new Set<number>();
  const beganAt = network.now;
  let knownAt = Number.POSITIVE_INFINITY;
  network.onView = ({ number }, { members }) => {
    const state = members.find((member) => member.id === id)?.state;
    if (state !== "away" && state !== "dead") return;
    knowing.add(number);
    if (knowing.size === network.running.length) knownAt = Math.min(knownAt, network.now);
  };
  network[end](victim);
  for (let waits = 0; waits < 60 && knownAt === Number.POSITIVE_INFINITY; waits++) network.run(500);
  network.onView = () => {};
  return knownAt - beganAt;
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

function quiet(): BenchResult[] {
  return [3, 10, 100, 1_000].flatMap((size) => {
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
    return [
      goal(`${size} nodes, quiet: messages a node`, "a second", messages, 6),
      goal(
        `${size} nodes, quiet: bytes a node, TLS and TCP aside`,
        "a second",
        bytesASecond,
        2_000,
      ),
      goal(`${size} nodes, quiet: CPU a node, of a core`, "%", share * 100, 1),
    ];
  });
}

function goal(metric: string, unit: string, ours: number, most: number): BenchResult {
  return { metric, unit, ours, goal: `at most ${most}`, met: ours <= most };
}

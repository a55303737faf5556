/**
 * What whole nodes say to each other when nothing happens: membership, the store's comparisons and all
 * else that goes over their connections, in virtual time, so the figures are the same on any machine.
 */
import { Simulation } from "../src/simulator/simulation.ts";
import type { BenchResult } from "./result.ts";

export const name = "idle network, simulated";

/** Until all have met and nothing of their coming up is left to be told, in virtual ms. */
const settleMs = 20_000;
const seconds = 30;

export async function run(): Promise<readonly BenchResult[]> {
  const results: BenchResult[] = [];
  for (const size of [3, 10, 100]) results.push(...(await idle(size)));
  return results;
}

async function idle(size: number): Promise<readonly BenchResult[]> {
  const said = { messages: 0, bytes: 0 };
  const count = (line: string) => {
    const bytes = / sends (\d+) bytes to /.exec(line)?.[1];
    if (bytes === undefined) return;
    said.messages++;
    said.bytes += Number(bytes) + 4; // And the frame's length.
  };
  const machines = Array.from({ length: size }, (_, i) => `n${i + 1}`);
  const simulation = new Simulation({ seed: 1, machines, watch: count });
  for (const machine of machines) simulation.launch(machine, machine === "n1" ? [] : ["n1:6666"]);
  await simulation.run(settleMs);
  const live = simulation
    .operations("n1")
    .nodes()
    .filter(({ isLive }) => isLive).length;
  if (live !== size) throw new Error(`${live} of ${size} nodes live`);
  said.messages = 0;
  said.bytes = 0;
  await simulation.run(seconds * 1_000);
  const each = (sum: number) => sum / seconds / size;
  const what = `${size} whole nodes, idle`;
  return [
    { metric: `${what}: messages a node sends`, unit: "a second", ours: each(said.messages) },
    { metric: `${what}: bytes, TLS and TCP aside`, unit: "a second", ours: each(said.bytes) },
  ];
}

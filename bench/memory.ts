/**
 * Memory of all that is Mob's: the node, idle and with two hundred services, the shims that hold their
 * tasks, and the nursery that forks these; not the tasks. Shims and nursery as PSS, which shares out what
 * they have in common. The node as resident memory: its PSS is the same on a machine without another
 * Node, and falls with any other there.
 */
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { readSmallText } from "../src/keeper/small-file.ts";
import { bashService, type RealNode, RealNodes, removeAll } from "./real-nodes.ts";
import type { BenchResult } from "./result.ts";

export const name = "memory";

const services = 200;
/**
 * Until what a start or a deploy needed for the moment is given back: V8 looks for that 8 s after its
 * last collection of the whole heap, and again 8 s later while much is allocated.
 */
const restMs = 30_000;
/** Between two looks at whether all services run. */
const lookEveryMs = 500;

export async function run(): Promise<readonly BenchResult[]> {
  const nodes = new RealNodes();
  try {
    const node = await nodes.start();
    await setTimeout(restMs);
    const idle = measure(node, nodes);
    const names = Array.from({ length: services }, (_, i) => `service-${i}`);
    await node.client.deploy(names.map((service) => bashService(service, "exec sleep 1000")));
    // A deploy answers after 15 s at the latest: on a busy machine before all of them run.
    while (measure(node, nodes).shims < services) await setTimeout(lookEveryMs);
    await setTimeout(restMs);
    const busy = measure(node, nodes);
    await removeAll(node.client);
    await setTimeout(restMs);
    const after = measure(node, nodes);
    return [
      goal("idle node", idle.nodeMib, 75),
      goal(
        `with ${services} services, shims included`,
        busy.nodeMib + busy.nurseryMib + busy.shimsMib,
        110,
      ),
      { metric: "of it the node itself", unit: "MiB", ours: busy.nodeMib },
      { metric: "of it the nursery", unit: "MiB", ours: busy.nurseryMib },
      { metric: "of it a shim", unit: "KiB", ours: (busy.shimsMib * 1024) / busy.shims },
      { metric: "the node once they are removed", unit: "MiB", ours: after.nodeMib },
    ];
  } finally {
    await nodes.close();
  }
}

function measure({ process: { pid = 0 } }: RealNode, nodes: RealNodes) {
  const others = nodes.processes().filter((other) => other !== pid);
  const nurseries = others.filter((other) => commandOf(other).includes("mob-nursery"));
  const shims = others.filter((other) => commandOf(other).startsWith("/bin/sh\0"));
  return {
    nodeMib: mib(pid, "Rss"),
    nurseryMib: sum(nurseries.map((nursery) => mib(nursery, "Pss"))),
    shims: shims.length,
    shimsMib: sum(shims.map((shim) => mib(shim, "Pss"))),
  };
}

/** Its arguments, each ended by a zero; nothing for one that is gone. */
function commandOf(pid: number): string {
  return readSmallText(`/proc/${pid}/cmdline`) ?? "";
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function mib(pid: number, of: "Pss" | "Rss"): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return Number(new RegExp(`^${of}:\\s+(\\d+)`, "m").exec(text)?.[1]) / 1024;
}

function goal(metric: string, ours: number, goalMib: number): BenchResult {
  return { metric, unit: "MiB", ours, goal: `at most ${goalMib}`, met: ours <= goalMib };
}

/**
 * Placement decisions a second on one core: 100,000 services of one instance each, with a constraint and
 * room to reserve, on 1,000 nodes, decided by the controller's own pass. Compared with a bare look at every
 * node for each service, in search of the emptiest. `MOB_BENCH_SERVICES` (default 100000) is how many.
 */
import { asNodeId } from "../src/core/ids.ts";
import type { DesiredService } from "../src/services/decision.ts";
import { reconcile } from "../src/services/reconcile.ts";
import { parseSpec } from "../src/services/spec.ts";
import type { BenchResult } from "./result.ts";

export const name = "placement";

const nodeCount = 1_000;
const serviceCount = Number(process.env["MOB_BENCH_SERVICES"] ?? 100_000);
/** Nomad placed its million containers at that rate with five servers (HashiCorp, 2016). */
const goal = 3_750;

export async function run(): Promise<readonly BenchResult[]> {
  const decided = timed(() => {
    const decisions = reconcile({ self: asNodeId("n0"), services, nodes, ...nothing });
    const placed = decisions.filter(({ placement }) => placement.node !== null).length;
    if (placed !== serviceCount) throw new Error(`${placed} of ${serviceCount} found a node`);
  });
  const bare = timed(() => {
    const load = new Map(nodes.map(({ id }) => [id, 0]));
    for (let service = 0; service < serviceCount; service++) {
      let [best, least] = ["", Number.POSITIVE_INFINITY];
      for (const [id, has] of load) if (has < least) [best, least] = [id, has];
      load.set(asNodeId(best), least + 1);
    }
  });
  return [
    {
      metric: `decisions, ${nodeCount} nodes, ${serviceCount} services (higher is better)`,
      unit: "a second",
      ours: decided,
      reference: { name: "bare search", value: bare },
      ratio: decided / bare,
      goal: `at least ${goal}`,
      met: decided >= goal,
    },
  ];
}

/** Services a second. */
function timed(work: () => void): number {
  const beganAt = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(beganAt);
  return (serviceCount / (user + system)) * 1e6;
}

const nodes = Array.from({ length: nodeCount }, (_, at) => ({
  id: asNodeId(`n${at}`),
  name: `node-${at}`,
  labels: { zone: `z${at % 5}`, ...(at % 2 === 0 && { disk: "ssd" }) },
  state: "alive" as const,
  providers: new Map([["bash", { available: true } as const]]),
  instances: 0,
  capacity: { memoryBytes: 1e12, milliCpus: 1e6 },
}));

const services = Array.from({ length: serviceCount }, (_, at): DesiredService => {
  const spec = parseSpec({
    name: `service-${at}`,
    provider: "bash",
    params: {},
    placement: { constraints: ["label.disk == ssd"] },
    resources: { memory: "10MB" },
  });
  const observed = { isIdle: false, isReady: true, needsNewTask: false, hasTakenOver: false };
  const observe = () => observed;
  return { spec, uid: "1", specStamp: "1", present: [], observe, updatesMax: 1 };
});

const nothing = {
  portHolder: () => undefined,
  bookings: () => [],
  missedForMs: () => 0,
};

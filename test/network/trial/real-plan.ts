/**
 * What happens to a network of real nodes, and when: the items of a simulator's plan that a real machine
 * can be made to do, and starvation, which no virtual machine knows. Plain data, decided by its seed.
 */
import type { Random } from "../../../src/core/env.ts";
import { drawPlan, type FaultKind } from "../../../src/simulator/draw-plan.ts";
import type { Item, ItemOf } from "../../../src/simulator/schedule.ts";
import { seededRandom } from "../../../src/simulator/virtual-env.ts";

/** Faults of the simulator that there are here too. */
const realKinds = [
  "crash",
  "blackout",
  "cut",
  "partition",
  "late",
  "slow",
  "stall",
  "kill-task",
] as const satisfies readonly FaultKind[];

/** The node of a machine gets that share of a processor for `forMs`. */
interface Starve {
  readonly kind: "starve";
  readonly atMs: number;
  readonly machine: string;
  readonly share: number;
  readonly forMs: number;
}

export type RealItem = ItemOf<(typeof realKinds)[number] | "deploy" | "act"> | Starve;
export type RealFault = Exclude<RealItem, { readonly kind: "deploy" | "act" }>;

export interface RealPlan {
  readonly seed: number;
  readonly nodes: number;
  /** When all faults end, in ms from when all nodes knew each other. */
  readonly healAtMs: number;
  readonly items: readonly RealItem[];
}

/** These faults, while users wish for what the seed draws. */
export function planOf(
  { seed, nodes, healAtMs }: Omit<RealPlan, "items">,
  faults: readonly RealFault[],
): RealPlan {
  const items = [...drawn(seed, nodes, healAtMs, []), ...faults];
  return { seed, nodes, healAtMs, items: items.sort((a, b) => a.atMs - b.atMs) };
}

const longMs = 120_000;
/** How likely a fault is among those of a run. */
const faultShare = 0.5;

/**
 * Two of the nodes, and then one, apart from the others for two minutes, a stall of 30 s and starvation;
 * and meanwhile whatever the seed draws.
 */
export function drawRealPlan(seed: number, nodes: number): RealPlan {
  const random = seededRandom(seed, "real plan");
  const machines = shuffled(
    random,
    Array.from({ length: nodes }, (_, i) => `n${i + 1}`),
  );
  const [one = "n1", two = "n2", three = "n3"] = machines;
  const chosen = realKinds.filter(() => random() < faultShare);
  const healAtMs = 2 * longMs + 60_000;
  const long: RealFault[] = [
    { kind: "partition", atMs: 10_000, side: [one, two], forMs: longMs },
    { kind: "stall", atMs: longMs + 15_000, machine: three, forMs: 30_000 },
    { kind: "starve", atMs: longMs + 20_000, machine: two, share: 0.1, forMs: 30_000 },
    { kind: "partition", atMs: longMs + 50_000, side: [one], forMs: longMs },
  ];
  const items = [...drawn(seed, nodes, healAtMs, chosen), ...long];
  return { seed, nodes, healAtMs, items: items.sort((a, b) => a.atMs - b.atMs) };
}

function drawn(
  seed: number,
  nodes: number,
  healAtMs: number,
  faults: readonly FaultKind[],
): readonly RealItem[] {
  // A plan of the simulator ends with time to heal; here that is waited for.
  const seconds = Math.max(10, Math.ceil((healAtMs / 1_000) * 2));
  const { items } = drawPlan({ seed, nodes, seconds, faults });
  return items.filter(isReal).filter(({ atMs }) => atMs < healAtMs);
}

function isReal(item: Item): item is Exclude<RealItem, Starve> {
  return item.kind === "deploy" || item.kind === "act" || realKinds.some((it) => it === item.kind);
}

function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

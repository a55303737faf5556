/**
 * Draws what happens in a run from its seed. Each run has a random subset of the faults, since what one
 * fault provokes another hides: swarm testing, after Groce et al. (ISSTA 2012).
 */

import type { Random } from "../core/env.ts";
import { BadRequest } from "../core/errors.ts";
import { groupName } from "./asking.ts";
import { healAtMs, type Item, type ItemKind, machinesOf, type Plan } from "./schedule.ts";
import { seededRandom } from "./virtual-env.ts";

export interface DrawOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Virtual seconds in all; over half of them are faulty. */
  readonly seconds: number;
  /** Only these faults, all of them; default: a random subset of all. */
  readonly faults?: readonly FaultKind[] | undefined;
  /** Up to so many peers everyone is connected with everyone; default: drawn, mostly for all. */
  readonly mesh?: number | undefined;
  /** All is much rarer and lasts longer, so that there is time to see what becomes of it; default: drawn. */
  readonly isSlow?: boolean | undefined;
}

export type FaultKind = Exclude<ItemKind, "deploy" | "act" | "rivals">;

/** Before it everything may come up in peace. */
const peaceMs = 4_000;
/** How likely a fault is among those of a run. */
const faultShare = 0.35;
/** Mean time between two wishes of users, and between two faults of one kind. */
const wishEveryMs = 1_500;
const faultEveryMs = 18_000;
const groupWishEveryMs = 30_000;
/** How likely a run is one in which not all are connected; with fewer nodes the ring alone connects all. */
const partialShare = 0.33;
const nodesOfPartialMesh = 6;
/** How likely a deploy has a rival, whose versions are told from the others by being above these. */
const rivalShare = 0.25;
const rivalVersions = 100_000;
/** As long before a partition ends both sides write: hardly anything then comes after it. */
const lastWordMsMax = 1_500;
/** What the sides of one partition write begins this far above what those of the one before it write. */
const sidesVersions = { first: 200_000, each: 1_000 };
/** How likely a run is a slow one, and how much rarer all is in it, and how much longer machines are down. */
const slowShare = 0.25;
const slowness = 5;
/** What users deploy. */
const serviceNames = ["web", "db", "api", "job"] as const;

interface Draw {
  readonly random: Random;
  readonly machines: readonly string[];
  readonly endMs: number;
  /** How much rarer all is than usual. */
  readonly slowness: number;
}

/** The same plan for the same options, whatever else there is. @throws BadRequest for an unknown fault */
export function drawPlan(options: DrawOptions): Plan {
  const { seed, nodes, seconds, faults, mesh } = options;
  const random = seededRandom(seed, "plan");
  const chosen = mesh ?? partialMesh(seed, nodes);
  const plan = { seed, nodes, seconds, ...(chosen !== undefined && { mesh: chosen }) };
  const isSlow = options.isSlow ?? seededRandom(seed, "pace")() < slowShare;
  const draw: Draw = {
    random,
    machines: machinesOf(plan),
    endMs: healAtMs(plan),
    slowness: isSlow ? slowness : 1,
  };
  const kinds = faults ?? faultKinds.filter(() => random() < faultShare);
  const faulty = kinds.flatMap((kind) => faultItems(draw, kind));
  const asked = wishes(draw);
  const rivalling = { ...draw, random: seededRandom(seed, "rivals") };
  const split = { ...draw, random: seededRandom(seed, "sides") };
  const grouped = groupWishes({ ...draw, random: seededRandom(seed, "groups") });
  const items = [
    ...faulty,
    ...asked,
    ...rivals(rivalling, asked),
    ...sides(split, faulty),
    ...grouped,
  ];
  return { ...plan, items: items.sort((a, b) => a.atMs - b.atMs) };
}

/** Of some runs: so few peers that not all nodes are connected with each other. */
function partialMesh(seed: number, nodes: number): number | undefined {
  const random = seededRandom(seed, "mesh");
  if (random() >= partialShare || nodes < nodesOfPartialMesh) return undefined;
  return 1 + Math.floor(random() * (nodes - 2));
}

/** @throws BadRequest naming what there is */
export function asFaultKind(text: string): FaultKind {
  const kind = faultKinds.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new BadRequest(`there is no fault "${text}"; there are: ${faultKinds.join(", ")}`);
}

function faultItems(draw: Draw, kind: FaultKind): readonly Item[] {
  return times(draw, faultEveryMs).flatMap((atMs) => {
    const item = drawFault[kind](draw, atMs);
    return item === undefined ? [] : [item];
  });
}

/** One of each kind; undefined where it takes more machines than there are. */
const drawFault: { readonly [Kind in FaultKind]: (draw: Draw, atMs: number) => Item | undefined } =
  {
    crash: (draw, atMs) => ({ kind: "crash", atMs, machine: machine(draw), forMs: downMs(draw) }),
    "crash-at-write": (draw, atMs) => {
      const effect = 1 + Math.floor(draw.random() * 12);
      return { kind: "crash-at-write", atMs, machine: machine(draw), effect, forMs: downMs(draw) };
    },
    power: (draw, atMs) => {
      const disk = pick(draw, ["same", "same", "blank", "old"] as const) ?? "same";
      const ageMs = between(draw, 500, 15_000);
      return { kind: "power", atMs, machine: machine(draw), disk, ageMs, forMs: downMs(draw) };
    },
    blackout: (draw, atMs) => ({ kind: "blackout", atMs, forMs: between(draw, 100, 5_000) }),
    cut: (draw, atMs) => {
      const [from, to] = two(draw);
      return from && to ? { kind: "cut", atMs, from, to, forMs: splitMs(draw) } : undefined;
    },
    partition: (draw, atMs) => {
      const side = draw.machines.filter(() => draw.random() < 0.5);
      return { kind: "partition", atMs, side, forMs: splitMs(draw) };
    },
    reset: (draw, atMs) => {
      const [a, b] = two(draw);
      return a && b ? { kind: "reset", atMs, a, b } : undefined;
    },
    swallow: (draw, atMs) => {
      const [a, b] = two(draw);
      return a && b ? { kind: "swallow", atMs, a, b } : undefined;
    },
    slow: (draw, atMs) => {
      const [from, to] = two(draw);
      if (!from || !to) return undefined;
      const delayMs = between(draw, 20, 400);
      const bytesPerSecond = between(draw, 4_000, 200_000);
      return { kind: "slow", atMs, from, to, delayMs, bytesPerSecond, forMs: splitMs(draw) };
    },
    late: (draw, atMs) => ({
      kind: "late",
      atMs,
      share: 0.05,
      lateMs: between(draw, 200, 900),
      forMs: between(draw, 5_000, 30_000),
    }),
    stall: (draw, atMs) => {
      const longest = draw.random() < 0.6 ? 1_900 : 20_000;
      return { kind: "stall", atMs, machine: machine(draw), forMs: between(draw, 50, longest) };
    },
    clock: (draw, atMs) => ({
      kind: "clock",
      atMs,
      machine: machine(draw),
      aheadMs: draw.random() < 0.5 ? between(draw, 0, 25_000) : -between(draw, 0, 600_000),
      ppm: between(draw, 0, 1_000) - 500,
      forMs: between(draw, 1_000, 30_000),
    }),
    "disk-full": (draw, atMs) => {
      return { kind: "disk-full", atMs, machine: machine(draw), forMs: between(draw, 500, 15_000) };
    },
    "disk-slow": (draw, atMs) => {
      const flushMs = between(draw, 20, 1_500);
      const forMs = between(draw, 1_000, 20_000);
      return { kind: "disk-slow", atMs, machine: machine(draw), flushMs, forMs };
    },
    "kill-actor": (draw, atMs) => {
      return { kind: "kill-actor", atMs, machine: machine(draw), pick: draw.random() };
    },
    "kill-task": (draw, atMs) => {
      return { kind: "kill-task", atMs, machine: machine(draw), pick: draw.random() };
    },
    engine: (draw, atMs) => {
      return { kind: "engine", atMs, machine: machine(draw), forMs: between(draw, 500, 15_000) };
    },
  };

/** Every kind of fault there is. */
export const faultKinds = Object.keys(drawFault) as readonly FaultKind[];

/** At the very moment of some deploys another user deploys the same name through another machine. */
function rivals(draw: Draw, asked: readonly Item[]): readonly Item[] {
  return asked.flatMap((wish): Item[] => {
    if (wish.kind !== "deploy" || draw.random() >= rivalShare) return [];
    return [{ ...wish, machine: machine(draw), version: rivalVersions + wish.version }];
  });
}

/**
 * Just before each partition ends both its sides write the same, and where their clocks are right in the
 * same millisecond: what only the origins of the two writes can order.
 */
function sides(draw: Draw, faulty: readonly Item[]): readonly Item[] {
  const ends = faulty
    .filter((item) => item.kind === "partition")
    .map(({ atMs, forMs }) => Math.min(atMs + forMs, draw.endMs));
  return ends.map((endMs, i) => ({
    kind: "rivals",
    atMs: endMs - between(draw, 10, lastWordMsMax),
    name: pick(draw, serviceNames) ?? "web",
    version: sidesVersions.first + i * sidesVersions.each,
  }));
}

function wishes(draw: Draw): readonly Item[] {
  let version = 0;
  return times(draw, wishEveryMs).map((atMs): Item => {
    const name = pick(draw, serviceNames) ?? "web";
    const common = { atMs, machine: machine(draw), name };
    if (draw.random() < 0.5) return { kind: "deploy", ...common, version: ++version };
    const action = pick(draw, ["start", "stop", "restart", "remove", "remove"] as const) ?? "stop";
    return { kind: "act", ...common, action };
  });
}

/** Seldom, so that what becomes of the group is mostly not a user's doing. */
function groupWishes(draw: Draw): readonly Item[] {
  let version = 0;
  return [peaceMs, ...times(draw, groupWishEveryMs)].map((atMs): Item => {
    const common = { atMs, machine: machine(draw), name: groupName };
    if (atMs === peaceMs || draw.random() < 0.5) {
      return { kind: "deploy", ...common, version: ++version };
    }
    const action = pick(draw, ["start", "stop", "restart", "remove"] as const) ?? "restart";
    return { kind: "act", ...common, action };
  });
}

/** Moments at random, so far apart in the mean. */
function times({ random, endMs, slowness }: Draw, everyMs: number): readonly number[] {
  const found: number[] = [];
  for (let at = peaceMs; ; ) {
    at += -Math.log(1 - random()) * everyMs * slowness;
    const atMs = Math.round(at);
    if (atMs >= endMs) return found;
    found.push(atMs);
  }
}

function machine(draw: Draw): string {
  return pick(draw, draw.machines) ?? "n1";
}

/** Two machines, where there are two. */
function two(draw: Draw): readonly [string | undefined, string | undefined] {
  const a = pick(draw, draw.machines);
  return [
    a,
    pick(
      draw,
      draw.machines.filter((name) => name !== a),
    ),
  ];
}

/** Mostly short: much happens just before something comes back, and just after. In slow runs mostly long. */
function downMs(draw: Draw): number {
  return between(draw, 50, (draw.random() < 0.6 ? 3_000 : 25_000) * draw.slowness);
}

function splitMs(draw: Draw): number {
  return between(draw, 500, draw.random() < 0.5 ? 6_000 : 35_000);
}

function between({ random }: Draw, least: number, most: number): number {
  return Math.round(least + random() * (most - least));
}

function pick<T>({ random }: Draw, items: readonly T[]): T | undefined {
  return items[Math.floor(random() * items.length)];
}

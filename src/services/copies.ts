/**
 * Of several copies of one slot that run on live nodes, as after a partition, decides which one stays. Pure. The
 * best is adopted first, under a higher epoch and as it runs; the others are ended only once its node has
 * confirmed that it runs and does its work. One that does not by a deadline is passed over, and the rest are
 * ranked anew. What has been tried is in the placement, so whoever decides next goes on from there; as each
 * adoption passes one copy over for good, it comes to an end.
 */
import type { InstanceId, NodeId } from "../core/ids.ts";
import type { Stamp } from "./instance-status.ts";
import type { HealPolicy } from "./partition-policy.ts";

/** An instance of a slot on a live node, as that node has told of it. */
export interface Copy {
  readonly instance: InstanceId;
  readonly node: NodeId;
  /** It runs, and is found healthy where it is checked. */
  readonly isReady: boolean;
  /** Its task is what is wanted now: to go on with it takes no new one. */
  readonly isCurrent: boolean;
  /** The version of the spec that it is of. */
  readonly specStamp: Stamp;
  /** Of its task, wall clock of its node in ms; absent: none runs. */
  readonly startedAt?: number;
  /** Counter of the epoch that it was placed under first. */
  readonly placedUnder: number;
  /** Counter of the last epoch that its node has obeyed for it. */
  readonly obeys: number;
}

export interface RankedCopy extends Copy {
  /** Its node can have it, as far as constraints and room go. */
  readonly isEligible: boolean;
  /** Of its node among those of the copies, as it would be placed now: 0 is the best. */
  readonly rank: number;
}

/** By what a copy that stays is better than one that goes: the first in this order by which they differ. */
export const copyMerits = [
  "confirmed",
  "healthy",
  "eligible",
  "current",
  "longest_running",
  "keep_original",
  "keep_replacement",
  "best_score",
] as const;
export type CopyMerit = (typeof copyMerits)[number];

export interface CopiesInput {
  readonly policy: HealPolicy;
  /** The instance that the placement names, and the counter of its epoch. */
  readonly placed: InstanceId;
  readonly epoch: number;
  /** Copies that were adopted and did not confirm; undefined: none has been adopted yet. */
  readonly passedOver: readonly InstanceId[] | undefined;
  /** All on live nodes, that of the placement with them if it is. */
  readonly copies: readonly RankedCopy[];
  /** For how long it has been so, as the one who decides has seen it, ms. */
  readonly forMs: number;
}

export type CopiesDecision =
  /** Nothing yet; `forMs`: when to look again, if nothing happens. */
  | { readonly kind: "wait"; readonly forMs: number }
  /** To be placed where it is, and asked whether it runs. The others run on. */
  | {
      readonly kind: "adopt";
      readonly copy: RankedCopy;
      readonly passedOver: readonly InstanceId[];
    }
  /** It stays, and the others end; undefined: what is placed, which no node tells of. */
  | {
      readonly kind: "keep";
      readonly copy: RankedCopy | undefined;
      readonly ended: readonly EndedCopy[];
    };

export interface EndedCopy {
  readonly copy: RankedCopy;
  readonly merit: CopyMerit;
}

/** How long copies must have been known before any is adopted, ms: what their nodes tell may be on its way. */
export const askMs = 2_000;
/** How long an adopted copy may take to confirm, ms. With three copies the third is reached within 30 s. */
export const confirmMs = 10_000;

export function decideOnCopies(input: CopiesInput): CopiesDecision {
  const { placed, passedOver, copies, forMs } = input;
  const others = copies.filter(({ instance }) => instance !== placed);
  const adopted = copies.find(({ instance }) => instance === placed);
  if (others.length === 0) return { kind: "keep", copy: adopted, ended: [] };
  if (passedOver === undefined) {
    if (forMs < askMs) return { kind: "wait", forMs: askMs - forMs };
    return { kind: "adopt", copy: bestOf(input, others, copies), passedOver: [] };
  }
  const untried = copies.filter(({ instance }) => !passedOver.includes(instance));
  // None has confirmed: the one that seems the best is kept, unasked.
  if (untried.length === 0) return kept(input, bestOf(input, others, copies));
  const best = bestOf(input, others, untried);
  const isToWait = adopted !== undefined && !passedOver.includes(placed);
  if (isToWait && best === adopted && hasConfirmed(input, adopted)) return kept(input, adopted);
  if (isToWait && !hasConfirmed(input, adopted) && forMs < confirmMs) {
    return { kind: "wait", forMs: confirmMs - forMs };
  }
  const passed = passedOver.includes(placed) ? passedOver : [...passedOver, placed];
  const left = untried.filter(({ instance }) => instance !== placed);
  if (left.length === 0) return kept(input, bestOf(input, others, copies));
  return { kind: "adopt", copy: bestOf(input, others, left), passedOver: passed };
}

function hasConfirmed({ epoch }: CopiesInput, { isReady, obeys }: RankedCopy): boolean {
  return isReady && obeys >= epoch;
}

function kept(input: CopiesInput, copy: RankedCopy): CopiesDecision {
  const ended = input.copies
    .filter((other) => other !== copy)
    .map((other) => ({ copy: other, merit: meritOver(input, copy, other) }));
  return { kind: "keep", copy, ended };
}

/** @param fallback where there is none, which does not happen */
function bestOf(
  { policy }: CopiesInput,
  [fallback]: readonly RankedCopy[],
  copies: readonly RankedCopy[],
): RankedCopy {
  const [best = fallback] = copies.toSorted((a, b) => compareCopies(policy, a, b));
  if (best === undefined) throw new Error("there is no copy to choose from");
  return best;
}

/** Negative when `a` is the better one. Total: no two copies of a slot are alike. */
export function compareCopies(policy: HealPolicy, a: RankedCopy, b: RankedCopy): number {
  for (const [, difference] of differences(policy, a, b)) if (difference !== 0) return difference;
  return a.instance < b.instance ? -1 : 1;
}

function meritOver({ policy, passedOver }: CopiesInput, best: RankedCopy, other: RankedCopy) {
  const isPassedOver = passedOver?.includes(other.instance) === true && other.isReady;
  if (isPassedOver && passedOver?.includes(best.instance) !== true) return "confirmed";
  const merits = differences(policy, best, other);
  return merits.find(([, difference]) => difference < 0)?.[0] ?? "best_score";
}

function differences(
  policy: HealPolicy,
  a: RankedCopy,
  b: RankedCopy,
): readonly (readonly [CopyMerit, number])[] {
  return [
    ["healthy", first(a.isReady, b.isReady)],
    ["eligible", first(a.isEligible, b.isEligible)],
    ["current", first(a.isCurrent, b.isCurrent)],
    [policy, byPolicy(policy, a, b)],
    ["best_score", a.rank - b.rank],
  ];
}

function byPolicy(policy: HealPolicy, a: RankedCopy, b: RankedCopy): number {
  const never = Number.MAX_SAFE_INTEGER;
  switch (policy) {
    case "longest_running":
      return (a.startedAt ?? never) - (b.startedAt ?? never);
    case "keep_original":
      return a.placedUnder - b.placedUnder;
    case "keep_replacement":
      return b.placedUnder - a.placedUnder;
    case "best_score":
      return a.rank - b.rank;
  }
}

function first(a: boolean, b: boolean): number {
  return Number(b) - Number(a);
}

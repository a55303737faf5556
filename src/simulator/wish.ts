/**
 * What users ask of a simulated network, and what they are told: the history that invariants are held
 * against. A node that dies owes no answer; whether it was done is then not known.
 */
import type { ItemOf } from "./schedule.ts";

export interface Wish {
  readonly item: ItemOf<"deploy" | "act">;
  readonly askedAtMs: number;
  answer?: Answer;
}

export interface Answer {
  readonly atMs: number;
  /** Ids of the nodes that had it on their disks; absent where it was refused, or there was nothing to do. */
  readonly acks?: readonly string[];
  /** Live nodes that were to have it on their disks, with `acks` a majority of them. */
  readonly replicas?: number;
  readonly error?: unknown;
}

/**
 * What a service is promised while the network is not whole, and which of its copies stays once it is again:
 * the copy is chosen in `copies.ts`.
 */
import { comesLater, described, type Fields } from "../core/reading.ts";
import { choice } from "../core/value-readers.ts";

/** It runs on each side of a partition that can run it: never fewer than are asked for, for a while more. */
export type Guarantee = "at-least-one";

/**
 * Of several copies of one slot that do their work: the one that has run longest since its start; the one that was
 * placed first, or last; or the one on the node that would be picked now.
 */
export type HealPolicy = "longest_running" | "keep_original" | "keep_replacement" | "best_score";

export interface PartitionPolicy {
  readonly guarantee: Guarantee;
  /** Default `longest_running`. */
  readonly heal: HealPolicy;
}

const guaranteeDefault: Guarantee = "at-least-one";
const healDefault: HealPolicy = "longest_running";

const readGuarantee = described(
  () => ({ enum: [guaranteeDefault] }),
  (value, at): Guarantee => {
    if (value === "at-most-one") at.wrong(comesLater);
    else if (value !== guaranteeDefault) at.wrong(`must be ${guaranteeDefault}`);
    return guaranteeDefault;
  },
);

const readHeal = choice(["longest_running", "keep_original", "keep_replacement", "best_score"]);

export const readPartitionPolicy = (fields: Fields): PartitionPolicy => ({
  guarantee: fields.optional(
    "guarantee",
    readGuarantee,
    guaranteeDefault,
    "What holds while the network is parted: it runs on each side that can run it.",
  ),
  heal: fields.optional(
    "heal",
    readHeal,
    healDefault,
    "Which copy of an instance stays once the network is whole again.",
  ),
});

/** How the instances of a service are brought to a new version: how many at a time, and what if they fail. */
import { durationText } from "../core/quantities.ts";
import { objectOf } from "../core/reading.ts";
import { choice, duration, flag, integer } from "../core/value-readers.ts";
import { instancesMax } from "./instances.ts";
import { deepFreeze, type Plain } from "./plain-data.ts";

export interface UpdatePolicy {
  /** Instances that are replaced at a time; default 1. */
  readonly parallel: number;
  /** How long a new one must have been ready before the next is replaced; default 10,000. */
  readonly healthyForMs: number;
  /** Longest time without one more that is ready, before the update has failed; default 300,000. */
  readonly deadlineMs: number;
  /**
   * Whether the new one runs before the old one is ended, or after it. Default `start-first` for what is
   * checked and takes its ports from its node, else `stop-first`: the two might be in each other's way.
   */
  readonly order: "start-first" | "stop-first";
  /** Whether an update that fails is undone; default true. */
  readonly rollback: boolean;
}

/** As written: where nothing is said of the order, the rest of the spec says it. */
export type UpdateWish = Omit<UpdatePolicy, "order"> & Partial<Pick<UpdatePolicy, "order">>;

export const updateDefault: UpdateWish = deepFreeze({
  parallel: 1,
  healthyForMs: 10_000,
  deadlineMs: 300_000,
  rollback: true,
});

const readParallel = integer({ min: 1, max: instancesMax });
const upToADay = duration({ min: 0, max: 86_400_000 });
const readDeadline = duration({ min: 1_000, max: 86_400_000 });
const readOrder = choice(["stop-first", "start-first"]);

export const readUpdate = objectOf(
  "an object, like { parallel: 1, healthy_for: 10s, order: start-first }",
  (fields): UpdateWish => {
    const { parallel, healthyForMs, deadlineMs, rollback } = updateDefault;
    const order = fields.optional(
      "order",
      readOrder,
      undefined,
      "Whether the new one runs before the old one is ended, or after it.",
    );
    return {
      ...(order !== undefined && { order }),
      parallel: fields.optional(
        "parallel",
        readParallel,
        parallel,
        "Instances that are replaced at a time.",
      ),
      healthyForMs: fields.optional(
        "healthy_for",
        upToADay,
        healthyForMs,
        "How long a new one must have been ready before the next is replaced.",
      ),
      deadlineMs: fields.optional(
        "deadline",
        readDeadline,
        deadlineMs,
        "Longest time without one more that is ready, before the update has failed.",
      ),
      rollback: fields.optional(
        "rollback",
        flag,
        rollback,
        "Whether an update that fails is undone.",
      ),
    };
  },
);

/** @param canBothRun whether two instances on one node are not in each other's way, and it is known which is ready */
export function updateFor(wish: UpdateWish, canBothRun: boolean): UpdatePolicy {
  return { ...wish, order: wish.order ?? (canBothRun ? "start-first" : "stop-first") };
}

/** As a user could have written it. */
export function updateToJson(update: UpdatePolicy): { readonly [key: string]: Plain } {
  return {
    parallel: update.parallel,
    healthy_for: durationText(update.healthyForMs),
    deadline: durationText(update.deadlineMs),
    order: update.order,
    rollback: update.rollback,
  };
}

/**
 * One run of a plan, with everything that must hold followed from its beginning to its end: first the
 * part in which things go wrong, then, everything healed, the part in which all must become right.
 */

import { carryOut } from "./carry-out.ts";
import { agreement, holdAlike } from "./invariants/agreement.ts";
import { availability } from "./invariants/availability.ts";
import { bounds } from "./invariants/bounds.ts";
import { counters } from "./invariants/counters.ts";
import { deciders } from "./invariants/deciders.ts";
import { detection } from "./invariants/detection.ts";
import { disks } from "./invariants/disks.ts";
import { groups } from "./invariants/groups.ts";
import type { Invariant, StartInvariant } from "./invariants/invariant.ts";
import { order } from "./invariants/order.ts";
import { services } from "./invariants/services.ts";
import { tasks } from "./invariants/tasks.ts";
import { watches } from "./invariants/watches.ts";
import { acknowledgedWrites } from "./invariants/writes.ts";
import type { Plan } from "./schedule.ts";
import { type Audience, Stage } from "./stage.ts";

/** What is held, by default all of it. */
export const invariants: readonly StartInvariant[] = [
  acknowledgedWrites,
  disks,
  watches,
  agreement,
  detection,
  availability,
  services,
  deciders,
  groups,
  order,
  tasks,
  bounds,
  counters,
];

export interface Violation {
  /** Its number in the design. */
  readonly invariant: number;
  readonly what: string;
  readonly atMs: number;
}

export interface Outcome {
  /** Of the trace; equal for equal plans. */
  readonly hash: string;
  readonly events: number;
  /** Virtual ms. */
  readonly endedAtMs: number;
  /** Users' wishes that were answered as done. */
  readonly done: number;
  /** What was first found wrong; the run ended there. Empty: all held. */
  readonly violations: readonly Violation[];
  /** The last lines of the trace. */
  readonly last: readonly string[];
}

/** How often it is looked at what no event tells, in virtual ms. */
const lookEveryMs = 1_000;

/**
 * What is purged goes at a slightly different time on each node, and is not put off for the end of a run:
 * that comes, in virtual ms, at most so much later, once all have held the same for two looks.
 */
const purgeMsMax = 15_000;

/** Runs a plan to its end, or to the first violation. `watch` is shown each line of the trace. */
export async function runPlan(plan: Plan, watch?: (line: string) => void): Promise<Outcome> {
  const violations: Violation[] = [];
  const followed: Invariant[] = [];
  let done = 0;
  const audience: Audience = {
    composed: (machine, node) => each((it) => it.composed?.(machine, node)),
    diskReplaced: (machine) => each((it) => it.diskReplaced?.(machine)),
    asked: (wish) => each((it) => it.asked?.(wish)),
    answered(wish) {
      if (wish.answer?.acks !== undefined) done++;
      each((it) => it.answered?.(wish));
    },
    gaveUp: (machine, error, isExpected) => each((it) => it.gaveUp?.(machine, error, isExpected)),
  };
  const stage = new Stage(plan, audience, carryOut, watch);
  for (const start of invariants) {
    const invariant: Invariant = start(stage, (what) => {
      const atMs = stage.simulation.now;
      violations.push({ invariant: invariant.number, what, atMs });
    });
    followed.push(invariant);
  }

  function each(tell: (invariant: Invariant) => void): void {
    for (const invariant of followed) tell(invariant);
  }

  const { simulation } = stage;
  const endMs = plan.seconds * 1_000;
  let looksAlike = 0;
  const isOver = () =>
    simulation.now >= endMs && (looksAlike >= 2 || simulation.now >= endMs + purgeMsMax);
  try {
    while (violations.length === 0 && !isOver()) {
      await simulation.run(lookEveryMs);
      each((it) => it.each?.());
      const isNearEnd = simulation.now >= endMs - 2 * lookEveryMs;
      looksAlike = isNearEnd && holdAlike(stage) ? looksAlike + 1 : 0;
    }
    if (violations.length === 0) each((it) => it.atEnd?.());
  } finally {
    simulation.close();
  }
  return {
    hash: simulation.trace.hash(),
    events: simulation.scheduler.fired,
    endedAtMs: simulation.now,
    done,
    violations,
    last: simulation.trace.last(20),
  };
}

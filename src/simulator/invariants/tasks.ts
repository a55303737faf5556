/** Invariant 8, while it runs: what a machine itself tells of tasks that must never be there, or not together. */
import type { Stage } from "../stage.ts";
import type { Invariant, Objection } from "./invariant.ts";

export function tasks({ simulation, machines }: Stage, object: Objection): Invariant {
  return {
    number: 8,
    each() {
      for (const machine of machines) {
        for (const what of simulation.host(machine).violations) object(`on ${machine} ${what}`);
      }
    },
  };
}

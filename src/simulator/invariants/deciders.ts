/**
 * Invariant 5, as far as who decides goes: among nodes that have been of one view for long, only one
 * places a group. Where two do, what they write replaces each other, and all are equal in the end: so
 * it is looked at while it happens, by the controller that each placement names.
 */
import { isLive } from "../../membership/view.ts";
import type { ComposedNode } from "../../node/compose.ts";
import type { PlacementRecord } from "../../services/records.ts";
import type { Stage } from "../stage.ts";
import type { Invariant, Objection } from "./invariant.ts";

/** What was decided under an earlier view is written or given up by then: a write ends within 12 s. */
const settledMs = 15_000;

/** The nodes that a node takes for live, and since when. */
interface Component {
  readonly live: string;
  readonly sinceMs: number;
}

export function deciders(stage: Stage, object: Objection): Invariant {
  /** Of each running node, by its id. */
  const components = new Map<string, Component>();
  /** Who was first seen to place a group, in a component since it settled. */
  const decided = new Map<string, string>();

  function look({ catalog, system }: ComposedNode): void {
    const ids = catalog.view.members.filter(isLive).map(({ id }) => id);
    const live = ids.join(" "); // Views are sorted by id.
    if (components.get(system.node)?.live === live) return;
    components.set(system.node, { live, sinceMs: stage.simulation.now });
  }

  /** Since when all who are in it see one and the same component; undefined: not for long enough. */
  function settledSince(id: string): Component | undefined {
    const own = components.get(id);
    if (own === undefined) return undefined;
    const all = own.live.split(" ").map((one) => components.get(one));
    if (all.some((other) => other?.live !== own.live)) return undefined;
    const sinceMs = Math.max(...all.map((other) => other?.sinceMs ?? 0));
    return stage.simulation.now - sinceMs < settledMs ? undefined : { live: own.live, sinceMs };
  }

  /** A node is shown a new placement of its own: what is old and of others may come late. */
  function judge({ service, epoch: { controller } }: PlacementRecord): void {
    const component = settledSince(controller);
    if (component === undefined) return;
    const key = `${component.sinceMs} ${component.live} ${service}`;
    const first = decided.get(key) ?? controller;
    decided.set(key, first);
    if (first === controller) return;
    object(`${first} and ${controller} both place ${service}, of one settled view`);
  }

  return {
    number: 5,
    composed(_machine, node) {
      const { catalog, system } = node;
      /** Placements that this node has shown, in this life or by what it began with. */
      const seen = new Set(catalog.placements().map(epochOf));
      components.delete(system.node);
      look(node);
      catalog.watch((change) => {
        if (change.kind === "view") {
          look(node);
          return;
        }
        for (const placement of [...change.names].flatMap((name) => catalog.placementsIn(name))) {
          if (placement.slot !== 0 || seen.has(epochOf(placement))) continue;
          seen.add(epochOf(placement));
          if (placement.epoch.controller === system.node) judge(placement);
        }
      });
    },
  };
}

function epochOf({ service, uid, epoch }: PlacementRecord): string {
  return `${service} ${uid} ${epoch.counter} ${epoch.controller}`;
}

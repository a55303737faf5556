/**
 * Invariant 11: incarnations, boot counters, generations and epochs never go down. What two sides of a
 * split wrote is another matter: the later write is kept, and its counter may be the lower one.
 */
import type { ComposedNode } from "../../node/compose.ts";
import type { ItemKind } from "../schedule.ts";
import type { Stage } from "../stage.ts";
import type { Invariant, Objection, SceneInvariant } from "./invariant.ts";
import type { ShownNode } from "./scene.ts";

/** Faults under which no two nodes ever decide for one service at once. */
const calmKinds: ReadonlySet<ItemKind> = new Set([
  "deploy",
  "act",
  "kill-task",
  "engine",
  "disk-slow",
]);

export function counters(stage: Stage, object: Objection): Invariant {
  const isCalm = stage.plan.items.every(({ kind }) => calmKinds.has(kind));
  const boots = risingBoots(object);

  function fell(what: string, before: number, value: number): void {
    object(`${what} went down from ${before} to ${value}`);
  }

  function rises(highest: Map<string, number>, what: string, value: number): void {
    const before = highest.get(what) ?? Number.NEGATIVE_INFINITY;
    if (value < before) fell(what, before, value);
    highest.set(what, Math.max(before, value));
  }

  function follow(machine: string, node: ComposedNode): void {
    const seen = new Map<string, number>();
    const { catalog } = node;
    catalog.watch((change) => {
      if (change.kind === "view") {
        for (const { id, name, incarnation } of catalog.view.members) {
          const before = seen.get(id) ?? 0;
          if (incarnation === before) continue;
          if (incarnation < before)
            fell(`incarnation of ${name} on ${machine}`, before, incarnation);
          else seen.set(id, incarnation);
        }
      } else if (isCalm) {
        for (const name of change.names) followRecords(machine, node, name, seen);
      }
    });
  }

  function followRecords(
    machine: string,
    { catalog }: ComposedNode,
    name: string,
    seen: Map<string, number>,
  ): void {
    const group = catalog.group(name)?.record;
    if (group === undefined) return;
    rises(seen, `generation of ${name} (${group.uid}) on ${machine}`, group.generation);
    for (const { service, slot, uid, epoch } of catalog.placementsIn(name)) {
      if (slot !== 0) continue; // Another one ends and begins again with the number of instances.
      rises(seen, `epoch of ${service} (${uid}) on ${machine}`, epoch.counter);
    }
  }

  return {
    number: 11,
    composed(machine, node) {
      boots.composed(machine, node);
      follow(machine, node);
    },
    diskReplaced: boots.diskReplaced,
    /** A node that woke with an old disk has found out what others know of it, and spoken above it. */
    atEnd() {
      const nodes = stage.machines.flatMap((machine) => stage.node(machine) ?? []);
      for (const { system, catalog } of nodes) {
        const own = catalog.member(system.node)?.incarnation ?? 0;
        const known = nodes.map((other) => other.catalog.member(system.node)?.incarnation ?? 0);
        const most = Math.max(...known);
        if (own < most) object(`${system.node} is known under incarnation ${most}, and is ${own}`);
      }
    },
  };
}

/** No life of a node has the boot counter of one before, or a lower one. */
export function risingBoots(object: Objection) {
  const boots = new Map<string, number>();
  /** Machines whose next life may have a boot counter that was there before. */
  const isOldDisk = new Set<string>();
  return {
    number: 11,
    composed(machine: string, { system: { node: id, boot } }: ShownNode) {
      const before = boots.get(id);
      if (before !== undefined && boot <= before && !isOldDisk.has(machine)) {
        object(`boot ${boot} of ${machine} came after boot ${before}`);
      }
      isOldDisk.delete(machine);
      boots.set(id, boot); // Of an old disk it is a lower one, and goes on from there.
    },
    diskReplaced: (machine: string) => void isOldDisk.add(machine),
  } satisfies SceneInvariant;
}

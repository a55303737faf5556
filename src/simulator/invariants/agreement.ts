/**
 * Invariant 2: same membership history, same view; after a reconnection all replicas hold the same. Held
 * at the end of a run, when everything has been whole for longer than either may take.
 */
import type { ComposedNode } from "../../node/compose.ts";
import { shardOf } from "../../ring/ranking.ts";
import type { Stage } from "../stage.ts";
import type { Invariant, Objection } from "./invariant.ts";
import type { Scene } from "./scene.ts";

export function agreement(stage: Stage, object: Objection): Invariant {
  return {
    number: 2,
    atEnd() {
      const missing = stage.machines.filter((machine) => stage.node(machine) === undefined);
      for (const machine of missing) object(`no node runs on ${machine}`);
      if (missing.length > 0) return;
      for (const machine of stage.machines) everyoneLives(stage, machine, object);
      for (const [what, read] of Object.entries(readings)) {
        lookForDisagreement(stage.machines, what, (name) => readOf(stage, name, read), object);
      }
    },
  };
}

/** All machines read alike. */
export function lookForDisagreement(
  machines: readonly string[],
  what: string,
  read: (machine: string) => string,
  object: Objection,
): void {
  const [first = "", ...others] = machines;
  const expected = read(first);
  for (const machine of others) {
    const [a, b] = difference(expected, read(machine));
    if (a !== b) object(`${first} holds other ${what} than ${machine}: ${a} / ${b}`);
  }
}

/** A job comes and goes: what is told of it is always on its way. */
const jobShard = shardOf("job");

const readings = {
  // That a node flaps is each node's own observation, of what it was there to see.
  members: ({ catalog }: ComposedNode) =>
    catalog.view.members.map(({ flapping: _own, ...member }) => member),
  // The sums that hash-tree repair compares.
  roots: ({ shards }: ComposedNode) =>
    [...shards.roots].filter(([shard]) => shard !== jobShard).sort(([a], [b]) => a - b),
  services: ({ catalog }: ComposedNode) => [
    catalog.groups(),
    sorted(catalog.placements()),
    sorted(catalog.statuses().filter(({ service }) => service !== "job")),
  ],
};

/** Whether all nodes hold the same records, purged ones included. */
export function holdAlike(stage: Stage): boolean {
  const [first, ...others] = stage.machines.map((machine) =>
    readOf(stage, machine, readings.roots),
  );
  return others.every((roots) => roots === first);
}

function readOf(stage: Stage, machine: string, read: (node: ComposedNode) => unknown): string {
  const node = stage.node(machine);
  return node === undefined ? "" : JSON.stringify(read(node));
}

function sorted(records: readonly unknown[]): readonly string[] {
  return records.map((record) => JSON.stringify(record)).sort();
}

/** Both from a little before where they begin to differ. */
function difference(a: string, b: string): readonly [string, string] {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const shown = (text: string) => text.slice(Math.max(0, at - 200), at + 100);
  return [shown(a), shown(b)];
}

/** Every node that runs is alive to everyone; who else there was is not. */
export function everyoneLives(scene: Scene, machine: string, object: Objection): void {
  const running = new Set<string | undefined>(
    scene.machines.map((name) => scene.node(name)?.system.node),
  );
  const members = scene.node(machine)?.catalog.view.members ?? [];
  for (const { id, name, state } of members) {
    const isRunning = running.has(id);
    if (isRunning !== (state === "alive")) object(`${machine} takes ${name} (${id}) for ${state}`);
  }
  const known = new Set<string | undefined>(members.map(({ id }) => id));
  for (const id of running) {
    if (!known.has(id)) object(`${machine} does not know ${id}`);
  }
}

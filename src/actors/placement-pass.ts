/**
 * One pass of the controller over the catalog: what is to be written so that every service is placed
 * where `services/reconcile.ts` decides, and nothing is placed that is no longer deployed.
 */
import type { NodeId } from "../core/ids.ts";
import type { Member } from "../membership/view.ts";
import { keys } from "../services/keys.ts";
import type { Candidate, ProviderOffer } from "../services/placement.ts";
import { type Decision, isPlaced, reconcile } from "../services/reconcile.ts";
import type { PlacementRecord } from "../services/records.ts";
import type { Entry } from "../store/replication.ts";
import type { Catalog } from "./catalog.ts";
import type { PlacementTable } from "./placement-table.ts";

export interface PlacementPass {
  /** To be written. */
  readonly entries: readonly Entry[];
  /** What the entries place. */
  readonly placed: readonly PlacementRecord[];
}

/**
 * @param changed the names to look at; undefined: all
 * @param underway placements that are being written: left alone, and counted where they will be.
 *   Without them, services deployed at once would all go to the node that had the fewest before.
 */
export function placementPass(
  catalog: Catalog,
  self: NodeId,
  owns: (name: string) => boolean,
  changed: ReadonlySet<string> | undefined,
  underway: PlacementTable,
): PlacementPass {
  const looked = changed === undefined ? catalog.groups() : groupsNamed(catalog, changed);
  // Most of what changes is statuses: the whole network is looked at for what has yet to be placed alone.
  const groups = looked.filter(
    ({ record, stamp }) =>
      owns(record.name) &&
      underway.get(record.name, 0) === undefined &&
      !isPlaced(record, stamp, catalog.placement(record.name, 0)),
  );
  const orphans =
    changed === undefined
      ? catalog
          .placements()
          .filter(({ service }) => owns(service) && catalog.group(service) === undefined)
      : [];
  if (groups.length === 0 && orphans.length === 0) return { entries: [], placed: [] };
  const decisions = reconcile({
    self,
    groups: groups.map(({ record, stamp }) => ({
      group: record,
      specStamp: stamp,
      removed: false,
    })),
    placements: groups
      .map(({ record }) => catalog.placement(record.name, 0))
      .filter((placement) => placement !== undefined),
    nodes: candidatesOf(catalog, underway),
  });
  const entries = [
    ...decisions.map(entryOf),
    ...orphans.map(({ service, slot }) => ({ key: keys.placement(service, slot) })),
  ];
  const places = decisions.filter(({ kind }) => kind === "place");
  return { entries, placed: places.map(({ placement }) => placement) };
}

/** Forgets what is under way of these names, or of all, and is in the catalog by now. */
export function dropArrived(
  underway: PlacementTable,
  catalog: Catalog,
  changed: ReadonlySet<string> | undefined,
): void {
  for (const name of changed ?? underway.all().map(({ service }) => service)) {
    const epoch = underway.get(name, 0)?.epoch.counter;
    const arrived = catalog.placement(name, 0)?.epoch.counter;
    if (epoch !== undefined && arrived !== undefined && arrived >= epoch) {
      underway.set(name, 0, undefined);
    }
  }
}

/** Every node known, as one to be picked. @param underway counted with what is placed there */
export function candidatesOf(catalog: Catalog, underway?: PlacementTable): readonly Candidate[] {
  return catalog.view.members.map((member) => {
    const coming = underway?.countOn(member.id) ?? 0;
    return candidateOf(member, catalog.instancesOn(member.id) + coming);
  });
}

function groupsNamed(catalog: Catalog, names: ReadonlySet<string>) {
  return [...names].map((name) => catalog.group(name)).filter((group) => group !== undefined);
}

function entryOf(decision: Decision): Entry {
  const { service, slot } = decision.placement;
  const key = keys.placement(service, slot);
  return decision.kind === "place" ? { key, value: decision.placement } : { key };
}

function candidateOf({ id, name, state, flapping, facts }: Member, instances: number): Candidate {
  const offers = facts.providers.map(({ type, available, reason }): [string, ProviderOffer] => [
    type,
    available ? { available } : { available, reason: reason ?? "no reason given" },
  ]);
  const providers = new Map(offers);
  return { id, name, state, isFlapping: flapping === true, providers, instances };
}

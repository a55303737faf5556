/**
 * One pass of the controller over the catalog: what is to be written so that every service is placed
 * where `services/reconcile.ts` decides, and nothing is placed that is no longer deployed.
 */
import type { NodeId } from "../core/ids.ts";
import type { Member } from "../membership/view.ts";
import { keys } from "../services/keys.ts";
import type { Candidate, ProviderOffer } from "../services/placement.ts";
import { type Decision, isPlaced, reconcile } from "../services/reconcile.ts";
import type { Entry } from "../store/replication.ts";
import type { Catalog } from "./catalog.ts";

/** @param changed the names to look at; undefined: all */
export function placementEntries(
  catalog: Catalog,
  self: NodeId,
  owns: (name: string) => boolean,
  changed: ReadonlySet<string> | undefined,
): readonly Entry[] {
  const looked = changed === undefined ? catalog.groups() : groupsNamed(catalog, changed);
  // Most of what changes is statuses: the whole network is looked at for what has yet to be placed alone.
  const groups = looked.filter(
    ({ record, stamp }) =>
      owns(record.name) && !isPlaced(record, stamp, catalog.placement(record.name, 0)),
  );
  const orphans =
    changed === undefined
      ? catalog
          .placements()
          .filter(({ service }) => owns(service) && catalog.group(service) === undefined)
      : [];
  if (groups.length === 0 && orphans.length === 0) return [];
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
    nodes: candidatesOf(catalog),
  });
  return [
    ...decisions.map(entryOf),
    ...orphans.map(({ service, slot }) => ({ key: keys.placement(service, slot) })),
  ];
}

/** Every node known, as one to be picked. */
export function candidatesOf(catalog: Catalog): readonly Candidate[] {
  return catalog.view.members.map((member) => candidateOf(member, catalog.instancesOn(member.id)));
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

/**
 * The services of what is deployed, each by its full name and in the order of their start: all that
 * places, runs and tells of services sees no more of a group than this. A service alone is the one
 * member of itself.
 */
import { asServiceName, type ServiceName } from "../core/ids.ts";
import { type GroupSpec, isGroup, type Spec, supervises } from "./group.ts";
import type { Instances } from "./instances.ts";
import { isUnder } from "./service-name.ts";
import type { ServiceSpec } from "./spec.ts";
import { whyNotInstances } from "./spec-checks.ts";
import { type VolumeWish, volumeServices } from "./volumes.ts";

export interface Member {
  /** Its name is the full one, and so are those that it requires, with the volumes that are services. */
  readonly spec: ServiceSpec;
  /** Where it was written: `services[1].services[0]`; empty for a service alone. */
  readonly path: string;
  /** Those of its group that are started before it, in that order; whoever is to have no instance is not. */
  readonly after: readonly ServiceName[];
  /** Those that are started after it, and ended before it. */
  readonly before: readonly ServiceName[];
  /** Who restarts it when it has ended: its node by itself, or its group, which counts, or restarts others too. */
  readonly restartedBy: "node" | "group";
}

/** By full name, in the order in which they are started. Kept with the spec: it is asked for often. */
export function membersOf(spec: Spec): ReadonlyMap<ServiceName, Member> {
  const known = kept.get(spec);
  if (known !== undefined) return known;
  const places = placesIn(spec);
  const names = places.map(({ spec: { name } }) => name);
  const isSome = new Set(
    places.flatMap(({ spec: one }) => (one.instances === 0 ? [] : [one.name])),
  );
  const members = new Map(
    places.map((place, index): [ServiceName, Member] => {
      const after = names.slice(0, index).filter((name) => isSome.has(name));
      return [place.spec.name, { ...place, after, before: names.slice(index + 1) }];
    }),
  );
  kept.set(spec, members);
  return members;
}

const kept = new WeakMap<Spec, ReadonlyMap<ServiceName, Member>>();

/** What stands under a full name in `spec`: a service or a group, as it was written. */
export function partOf(spec: Spec, name: ServiceName): Spec | undefined {
  const [, ...labels] = name.split("/");
  return labels.reduce<Spec | undefined>(
    (part, label) =>
      part !== undefined && isGroup(part)
        ? part.services.find((one) => one.name === label)
        : undefined,
    spec,
  );
}

/**
 * The spec with as many instances of each service as `instancesOf` says; undefined, or more than can write to its
 * volumes: as there were.
 */
export function withInstances(
  spec: Spec,
  instancesOf: (name: ServiceName) => Instances | undefined,
): Spec {
  return mapped(spec, spec.name);

  function mapped(part: Spec, name: ServiceName): Spec {
    if (!isGroup(part)) {
      const instances = instancesOf(name) ?? part.instances;
      return whyNotInstances(part, instances) === undefined ? { ...part, instances } : part;
    }
    const services = part.services.map((one) => mapped(one, within(name, one.name)));
    return { ...part, services };
  }
}

/** The full name of what has a name in a group. */
export function within(group: ServiceName, name: ServiceName): ServiceName {
  return asServiceName(`${group}/${name}`);
}

type MemberPlace = Pick<Member, "spec" | "path" | "restartedBy">;

/** Of a whole spec. */
function placesIn(spec: Spec): readonly MemberPlace[] {
  return isGroup(spec)
    ? placesInGroup(spec, spec.name, "")
    : [{ spec: withRequired(spec), path: "", restartedBy: "node" }];
}

function placesInGroup(group: GroupSpec, name: ServiceName, path: string): readonly MemberPlace[] {
  const siblings = new Set<string>(group.services.map((one) => one.name));
  const restartedBy = supervises(group) ? "group" : "node";
  return group.services.flatMap((one, index): readonly MemberPlace[] => {
    const full = within(name, one.name);
    const at = `${path === "" ? "" : `${path}.`}services[${index}]`;
    if (isGroup(one)) return placesInGroup(one, full, at);
    const requires = withRequired(one).requires.map((wanted) => resolved(wanted, name, siblings));
    const volumes = one.volumes.map((volume): VolumeWish => {
      if (volume.kind === "local") return volume;
      return { ...volume, from: resolved(asServiceName(volume.from), name, siblings) };
    });
    return [{ spec: { ...one, name: full, requires, volumes }, path: at, restartedBy }];
  });
}

/** It requires those that it names, and its volumes that are services. */
function withRequired(spec: ServiceSpec): ServiceSpec {
  const volumes = volumeServices(spec.volumes);
  if (volumes.length === 0) return spec;
  return { ...spec, requires: [...new Set([...spec.requires, ...volumes])] };
}

/** A sibling, or what is in one, comes first; else it is a full name. */
function resolved(
  wanted: ServiceName,
  group: ServiceName,
  siblings: ReadonlySet<string>,
): ServiceName {
  const [first = ""] = wanted.split("/", 1);
  return siblings.has(first) ? within(group, wanted) : wanted;
}

/** The services of `members` that a full name stands for: itself, or all of a group. */
export function membersUnder(
  members: ReadonlyMap<ServiceName, Member>,
  name: string,
): readonly Member[] {
  const own = members.get(asServiceName(name));
  if (own !== undefined) return [own];
  return [...members.values()].filter(({ spec }) => isUnder(spec.name, name));
}

/** What is known of volumes: where they live, and which services name them. */
import { Conflict } from "../core/errors.ts";
import type { NodeId, ServiceName } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import { stateText } from "../services/eligibility.ts";
import type { Spec } from "../services/group.ts";
import { membersOf } from "../services/group-members.ts";
import {
  localVolumes,
  otherUserOf,
  type VolumeHomeOf,
  type VolumeUser,
} from "../services/volumes.ts";
import type { Catalog } from "./catalog.ts";

export interface VolumeInfo {
  readonly name: string;
  readonly kind: "local";
  readonly node: NodeId;
  /** The service that names it; absent: none does. */
  readonly service?: ServiceName;
}

/** Every volume that was made, in order of names. */
export function volumeInfos(catalog: Catalog): readonly VolumeInfo[] {
  const users = usersIn(catalog);
  return catalog.volumes.all().map(({ name, kind, node }) => {
    const service = users.find(({ volumes }) => localVolumes(volumes).includes(name))?.name;
    return { name, kind, node, ...(service !== undefined && { service }) };
  });
}

/** The service that names a volume; undefined: none does. */
export function userOfVolume(catalog: Catalog, volume: string): ServiceName | undefined {
  return usersIn(catalog).find(({ volumes }) => localVolumes(volumes).includes(volume))?.name;
}

/** Where volumes live. What is on a node that was forgotten is given up: it lives nowhere. */
export function volumeHomes(catalog: Catalog): VolumeHomeOf {
  return (volume) => {
    const node = catalog.volumes.get(volume)?.node;
    if (node === undefined || catalog.isForgotten(node)) return undefined;
    return { node, name: catalog.member(node)?.name ?? `${node}, which is not known` };
  };
}

/** The first of these volumes whose node cannot be asked, and why; undefined: there is none. */
export function outOfReach(catalog: Catalog, volumes: readonly string[]): string | undefined {
  for (const volume of volumes) {
    const node = catalog.volumes.get(volume)?.node;
    const member = node === undefined ? undefined : catalog.member(node);
    if (node === undefined || (member !== undefined && isLive(member))) continue;
    return `volume ${volume} is on ${catalog.nodeName(node)}, which ${standingOf(catalog, node)}`;
  }
  return undefined;
}

/** What has become of a node that cannot be asked, to go on from its name. */
export function standingOf(catalog: Catalog, node: NodeId): string {
  const state = catalog.member(node)?.state;
  if (state !== undefined && state !== "alive") return stateText(state);
  return catalog.isForgotten(node) ? "was forgotten" : "is not known";
}

/** A volume that two services would write to. */
export interface TakenVolume {
  /** Where it is named: `services[1].volumes[0].from`. */
  readonly path: string;
  readonly volume: string;
  /** The spec that names it, and the other service that does. */
  readonly spec: Spec;
  readonly by: ServiceName;
}

/** The volumes that `specs` name and that other services do, those that are deployed and stay so, and each other. */
export function takenVolumes(catalog: Catalog, specs: readonly Spec[]): readonly TakenVolume[] {
  const replaced = new Set<string>(specs.map(({ name }) => name));
  const staying = catalog.groups().filter(({ record }) => !replaced.has(record.name));
  const users = [...staying.map(({ record }) => record.spec), ...specs].flatMap(usersOf);
  return specs.flatMap((spec) =>
    [...membersOf(spec).values()].flatMap(({ spec: { name, volumes }, path }) =>
      volumes.flatMap(({ from: volume, kind }, index) => {
        if (kind !== "local") return [];
        const by = otherUserOf(volume, name, users);
        const at = `${path === "" ? "" : `${path}.`}volumes[${index}].from`;
        return by === undefined ? [] : [{ path: at, volume, spec, by }];
      }),
    ),
  );
}

/** @throws Conflict where another service names a volume that `spec` names */
export function needVolumes(catalog: Catalog, spec: Spec): void {
  const [taken] = takenVolumes(catalog, [spec]);
  if (taken === undefined) return;
  throw new Conflict(`${taken.path}: volume ${taken.volume} is that of ${taken.by}`);
}

function usersIn(catalog: Catalog): readonly VolumeUser[] {
  return catalog.groups().flatMap(({ record }) => usersOf(record.spec));
}

function usersOf(spec: Spec): readonly VolumeUser[] {
  return [...membersOf(spec).values()].map((member) => member.spec);
}

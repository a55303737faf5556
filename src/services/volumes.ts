/**
 * The volumes of a service: folders that outlive it. A `local` one has a name of its own and is on one node, whoever
 * uses it is placed there, and it has one writer: one instance of one service. A `glusterfs` one is a service, which
 * is mounted wherever it is used, by as many as want to.
 */
import { asServiceName, dnsLabel, type NodeId, type ServiceName } from "../core/ids.ts";
import { described, objectOf, type Place } from "../core/reading.ts";
import { choice, listOf, text } from "../core/value-readers.ts";
import type { Plain } from "./plain-data.ts";
import { serviceNamePattern } from "./service-name.ts";

/** A volume as a service asks for it. */
export interface VolumeWish {
  /** Its name, a DNS label, one for the whole network; of `glusterfs` that of a service, as `requires` has it. */
  readonly from: string;
  /** Where the task finds it: absolute, and not below another of the service's. */
  readonly at: string;
  readonly kind: "local" | "glusterfs";
}

/** Where a volume lives. */
export interface VolumeHome {
  readonly node: NodeId;
  /** Its name; its id where it is not known. */
  readonly name: string;
}

/** Undefined: it is yet to be made, on whatever node its first user is started. */
export type VolumeHomeOf = (volume: string) => VolumeHome | undefined;

/** Most volumes of a service. */
export const volumesMax = 32;

/** Parts that are neither empty nor a dot or two. */
const atPattern = /^(?=.{2,4096}$)(?:\/(?!\.{1,2}(?:\/|$))[^/\0\n]+)+$/;

/** What a volume may be called, in a spec and in a command. */
export const volumeNamePattern = dnsLabel;

const readFrom = text(serviceNamePattern, "the name of a volume: a DNS label, like data");
const readAt = text(atPattern, "an absolute path without . or .. in it, like /srv/data");
const readKind = choice(["local", "glusterfs"]);

const readWish = objectOf(
  "a volume: an object, like { from: data, at: /srv/data }",
  (fields): VolumeWish => ({
    from: fields.required("from", readFrom),
    at: fields.required("at", readAt, "Where its task finds it."),
    kind: fields.optional(
      "kind",
      readKind,
      "local",
      "local: on one node, where its users are placed; glusterfs: a service, mounted where it is used.",
    ),
  }),
);

const readWishes = listOf(readWish, volumesMax);

export const readVolumes = described(
  () => readWishes.schema(),
  (value, at): readonly VolumeWish[] => {
    const wishes = readWishes(value, at);
    wishes.forEach(({ from, kind }, index) => {
      complainOfTwins(wishes, index, at.item(index));
      if (kind === "glusterfs" || from === "" || volumeNamePattern.test(from)) return;
      at.item(index).member("from").wrong("must be the name of a volume: a DNS label, like data");
    });
    return wishes;
  },
);

function complainOfTwins(wishes: readonly VolumeWish[], index: number, at: Place): void {
  const before = wishes.slice(0, index);
  const wish = wishes[index];
  if (wish === undefined) return;
  if (wish.from !== "" && before.some(({ from }) => from === wish.from)) {
    at.member("from").wrong(`${wish.from} is listed twice`);
  }
  const inTheWay =
    wish.at === "" ? undefined : before.find((other) => areNested(other.at, wish.at));
  if (inTheWay !== undefined)
    at.member("at").wrong(
      `is the place of ${inTheWay.from}, or one of the two is within the other`,
    );
}

/** Whether one of two paths is the other, or below it. */
function areNested(one: string, other: string): boolean {
  return one !== "" && (`${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`));
}

/** As a user could have written them. */
export function volumesToJson(volumes: readonly VolumeWish[]): Plain {
  return volumes.map(({ from, at, kind }) => ({ from, at, kind }));
}

/** Names of the volumes that have a home, which are not services. */
export function localVolumes(volumes: readonly VolumeWish[]): readonly string[] {
  return volumes.filter(({ kind }) => kind === "local").map(({ from }) => from);
}

/** The services that are volumes: required by whoever mounts them. */
export function volumeServices(volumes: readonly VolumeWish[]): readonly ServiceName[] {
  return volumes.filter(({ kind }) => kind === "glusterfs").map(({ from }) => asServiceName(from));
}

/** What a node that is not the home of every volume of a service says of it. */
export function reasonsOfVolumes(
  volumes: readonly string[],
  homeOf: VolumeHomeOf,
  node: NodeId,
): readonly string[] {
  return volumes.flatMap((volume) => {
    const home = homeOf(volume);
    if (home === undefined || home.node === node) return [];
    return [`has not volume ${volume}, which is on ${home.name}`];
  });
}

/** Whether what is placed on `node` has a volume elsewhere, as after a partition that made it on both sides. */
export function isAstray(
  homeOf: VolumeHomeOf | undefined,
  { volumes }: { readonly volumes: readonly VolumeWish[] },
  node: NodeId | null | undefined,
): boolean {
  if (homeOf === undefined || node == null) return false;
  return localVolumes(volumes).some((name) => (homeOf(name)?.node ?? node) !== node);
}

/** A service that is deployed or to be deployed, where it is written, and what it names. */
export interface VolumeUser {
  readonly name: ServiceName;
  readonly volumes: readonly VolumeWish[];
}

/** The service other than `self` that names a local volume; undefined: none does. */
export function otherUserOf(
  volume: string,
  self: ServiceName,
  users: Iterable<VolumeUser>,
): ServiceName | undefined {
  for (const { name, volumes } of users) {
    if (name !== self && localVolumes(volumes).includes(volume)) return name;
  }
  return undefined;
}

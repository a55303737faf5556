/**
 * The keys of what the store holds of services. The kind comes first, so that all of a kind are found
 * together; the group's name second, because all records of a group are in its name's shard.
 */
import {
  asInstanceId,
  asNodeId,
  type InstanceId,
  type NodeId,
  type ServiceName,
} from "../core/ids.ts";
import { groupOf, isServiceName } from "./service-name.ts";
import { volumeNamePattern } from "./volumes.ts";

export type RecordKey =
  | { readonly kind: "spec"; readonly group: ServiceName }
  | { readonly kind: "run"; readonly name: ServiceName }
  | { readonly kind: "restart"; readonly name: ServiceName }
  | { readonly kind: "supervision"; readonly group: ServiceName }
  | { readonly kind: "removed"; readonly group: ServiceName; readonly uid: string }
  | { readonly kind: "placement"; readonly name: ServiceName; readonly slot: number }
  | { readonly kind: "status"; readonly group: ServiceName; readonly instance: InstanceId }
  | { readonly kind: "token"; readonly id: string }
  | { readonly kind: "drain"; readonly node: NodeId }
  | { readonly kind: "volume"; readonly name: string }
  | { readonly kind: "lost"; readonly group: ServiceName; readonly stamp: string };

/** The first part of every key there may be. */
export const recordKinds: ReadonlySet<RecordKey["kind"]> = new Set([
  "spec",
  "run",
  "restart",
  "supervision",
  "removed",
  "placement",
  "status",
  "token",
  "drain",
  "volume",
  "lost",
]);

export const keys = {
  /** `GroupRecord`: what was deployed under a name. */
  spec: (group: ServiceName) => `spec/${group}`,
  /** `RunStateRecord`. */
  runState: (name: ServiceName) => `run/${name}`,
  /** `RestartRecord`. */
  restart: (name: ServiceName) => `restart/${name}`,
  /** `SupervisionRecord`: what its controller has decided on the lives of a group's services. */
  supervision: (group: ServiceName) => `supervision/${group}`,
  /** `RemovedRecord`: its being there is what counts, and is final. */
  removed: (group: ServiceName, uid: string) => `removed/${group}/${uid}`,
  /** `PlacementRecord`. */
  placement: (name: ServiceName, slot: number) => `placement/${name}/${slot}`,
  /** `StatusRecord`, written by the instance's node alone. */
  status: (name: ServiceName, instance: InstanceId) => `status/${groupOf(name)}/${instance}`,
  /** `TokenRecord`: of no service, but who may do something to all of them. */
  token: (id: string) => `token/${id}`,
  /** `DrainRecord`: its being there is what counts. */
  drain: (node: NodeId) => `drain/${node}`,
  /** `VolumeRecord`. */
  volume: (name: string) => `volume/${name}`,
} as const;

/** What a key is of; undefined when it is of no record of services. */
export function parseKey(key: string): RecordKey | undefined {
  const kindEnd = key.indexOf("/");
  if (kindEnd < 0) return undefined;
  const lastAt = key.lastIndexOf("/") + 1;
  const kind = key.slice(0, kindEnd);
  const whole = key.slice(kindEnd + 1);
  const parent = key.slice(kindEnd + 1, lastAt - 1);
  const last = key.slice(lastAt);
  switch (kind) {
    case "spec":
      return isServiceName(whole) ? { kind, group: whole } : undefined;
    case "supervision":
      return isServiceName(whole) ? { kind, group: whole } : undefined;
    case "run":
    case "restart":
      return isServiceName(whole) ? { kind, name: whole } : undefined;
    case "removed":
      return isServiceName(parent) && isHexId(last)
        ? { kind, group: parent, uid: last }
        : undefined;
    case "placement":
      if (!isServiceName(parent) || !/^(0|[1-9]\d{0,8})$/.test(last)) return undefined;
      return { kind, name: parent, slot: Number(last) };
    case "status":
      if (!isServiceName(parent) || !isHexId(last)) return undefined;
      return { kind, group: parent, instance: asInstanceId(last) };
    case "token":
      return isHexId(whole) ? { kind, id: whole } : undefined;
    case "drain":
      return isHexId(whole) ? { kind, node: asNodeId(whole) } : undefined;
    case "volume":
      return volumeNamePattern.test(whole) ? { kind, name: whole } : undefined;
    case "lost":
      return isServiceName(parent) && last !== ""
        ? { kind, group: parent, stamp: last }
        : undefined;
    default:
      return undefined;
  }
}

/** Ids of nodes, instances and creations. */
export function isHexId(text: unknown): text is string {
  return typeof text === "string" && /^[0-9a-f]{8,64}$/.test(text);
}

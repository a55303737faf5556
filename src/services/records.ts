/**
 * What the store holds of services: one record a key (`keys.ts`), each written whole. Records come
 * from other nodes and are parsed once, where they arrive. They are plain data as they stand, but for
 * the group, whose spec is stored as a user could have written it.
 */
import type { InstanceId, NodeId, ServiceName } from "../core/ids.ts";
import type { Spec } from "./group.ts";
import { groupSpecToJson } from "./group-spec.ts";
import type { InstanceStatus, Stamp } from "./instance-status.ts";
import type { Plain } from "./plain-data.ts";
import type { Supervision } from "./supervision.ts";

/** What was deployed under a name: a service alone, or a group of several, which is one record all the same. */
export interface GroupRecord {
  readonly name: ServiceName;
  /** Of this creation: removed and deployed again, a name has another. 16 hex digits. */
  readonly uid: string;
  readonly spec: Spec;
  /** Counts the changes of this creation, from 1. For people; what identifies a version is its stamp. */
  readonly generation: number;
  /** What ran before this version: what is not updated yet still is of it, and a rollback goes back to it. */
  readonly previous?: Version;
  /** Why this version undoes the one before it; absent: it does not. */
  readonly rollback?: string;
}

/** A spec, and the stamp that it was written with. */
export interface Version {
  readonly spec: Spec;
  readonly stamp: Stamp;
}

/** Whether a service is to run: written by every deploy that changes something, start and stop. */
export interface RunStateRecord {
  readonly uid: string;
  readonly run: "running" | "stopped";
}

/** A user asked for a restart: the stamp of this record says which one. */
export interface RestartRecord {
  readonly uid: string;
  /** Wall clock, ms. */
  readonly atMs: number;
}

/** What has been decided on the lives of a group's services. */
export interface SupervisionRecord extends Supervision {
  readonly uid: string;
}

/** A creation was removed. Final. */
export interface RemovedRecord {
  readonly uid: string;
  /** Wall clock, ms. */
  readonly atMs: number;
}

/** Nothing is to be placed on a node. */
export interface DrainRecord {
  /** Wall clock, ms. */
  readonly atMs: number;
}

/** A volume was made: it lives on that node alone, until a user has it removed. */
export interface VolumeRecord {
  readonly name: string;
  readonly kind: "local";
  readonly node: NodeId;
  /** Wall clock, ms. */
  readonly atMs: number;
}

/** Totally ordered; of two placements of a slot the one of the higher epoch is obeyed. */
export interface Epoch {
  readonly counter: number;
  /** Who decided. */
  readonly controller: NodeId;
}

/** Why one node cannot take an instance: every reason. */
export interface Refusal {
  readonly node: NodeId;
  readonly name: string;
  readonly reasons: readonly string[];
}

/**
 * Why an instance is not where the one before it in its slot was, as far as someone is to heed it. `lost`: its
 * node was; many may come with it, and its new node paces their starts. `rebalance`: it ran well, and is better
 * spread so.
 */
export type MoveCause = "lost" | "rebalance";

export interface PlacedInstance {
  readonly instance: InstanceId;
  readonly node: NodeId;
}

/** Where one copy of a service runs. */
export interface PlacementRecord {
  readonly service: ServiceName;
  /** Numbers the copies, from 0. */
  readonly slot: number;
  readonly instance: InstanceId;
  /** Null: no node can take it. */
  readonly node: NodeId | null;
  /** Every node's every reason, where no node can take it: not at all, or not as it is to be. */
  readonly refusals: readonly Refusal[];
  readonly epoch: Epoch;
  /** The creation that it is of; the epoch counts anew in each. */
  readonly uid: string;
  /** The version of the spec that it was decided for. */
  readonly specStamp: Stamp;
  /** What runs it, from which its tasks are: another one takes another instance. Absent: by version 0.1. */
  readonly provider?: string;
  readonly cause?: MoveCause;
  /** What it takes over from: that runs on, as it is, as long as it is named here. */
  readonly outgoing?: PlacedInstance;
  /** What must have ended before it begins, as long as the node of that can tell. */
  readonly after?: PlacedInstance;
}

/** What the node of an instance tells of it. */
export interface StatusRecord {
  readonly service: ServiceName;
  readonly instance: InstanceId;
  readonly uid: string;
  readonly node: NodeId;
  readonly status: InstanceStatus;
}

/** What a user wrote and a later write on another side replaced unseen. Kept by the store itself. */
export interface LostRecord {
  /** The key that was written: of a spec or of a run state. */
  readonly key: string;
  /** As it was written; undefined: the key was removed. */
  readonly value?: unknown;
  /** When, in ms of wall clock, and by which node. */
  readonly wall: number;
  readonly origin: NodeId;
}

/** As it is stored and sent; `parseGroup` gives it back. */
export function groupToJson({ name, uid, spec, generation, ...more }: GroupRecord): Plain {
  const { previous, rollback } = more;
  return {
    name,
    uid,
    spec: groupSpecToJson(spec),
    generation,
    ...(previous && { previous: { spec: groupSpecToJson(previous.spec), stamp: previous.stamp } }),
    ...(rollback !== undefined && { rollback }),
  };
}

/** Negative when `a` is lower, positive when higher, 0 when they are one. */
export function compareEpochs(a: Epoch, b: Epoch): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.controller === b.controller) return 0;
  return a.controller < b.controller ? -1 : 1;
}

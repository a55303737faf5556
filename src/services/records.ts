/**
 * What the store holds of services: one record a key (`keys.ts`), each written whole. Records come
 * from other nodes and are parsed once, where they arrive. They are plain data as they stand, but for
 * the group, whose spec is stored as a user could have written it.
 */
import type { InstanceId, NodeId, ServiceName } from "../core/ids.ts";
import type { CopyMerit } from "./copies.ts";
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

/** A second copy of an instance, which was ended in favour of another. */
export interface EndedCopy extends PlacedInstance {
  /** Where the one that was kept runs. */
  readonly keptOn: NodeId;
  /** What was better about that. */
  readonly merit: CopyMerit;
  /** Who decided, and when: wall clock, ms. */
  readonly by: NodeId;
  readonly atMs: number;
}

/** Where one instance of a service runs. */
export interface PlacementRecord {
  readonly service: ServiceName;
  /** Numbers the instances, from 0. */
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
  /**
   * Former instances of the slot that are to end, the newest last, at most `endedMax`: whoever wrote this knew of
   * them. One that is not among them runs on where it does, until its controller has heard of it and decided.
   * Absent: by a version that had no such thing; there whatever is not placed ends.
   */
  readonly ended?: readonly InstanceId[];
  /**
   * There are several copies; the instance was adopted as the best of them and is yet to confirm that it runs.
   * Those that were adopted before it and did not.
   */
  readonly passedOver?: readonly InstanceId[];
  /** The copies that were ended last, the newest last, at most `endedMax`; absent: none. */
  readonly endedCopies?: readonly EndedCopy[];
}

/** Most former instances that a placement tells of. */
export const endedMax = 8;

/** Whether an instance that is placed no more runs on, as it is, as far as the placement of its slot says. */
export function runsOn({ outgoing, ended }: PlacementRecord, instance: InstanceId): boolean {
  return outgoing?.instance === instance || ended?.includes(instance) === false;
}

/** By which placements an instance runs. */
export interface PlacedAs {
  readonly slot: number;
  /** Counter of the epoch that it was placed under first. */
  readonly under: number;
  /** Counter of the last epoch that its node has obeyed. */
  readonly obeys: number;
}

/** What the node of an instance tells of it. */
export interface StatusRecord {
  readonly service: ServiceName;
  readonly instance: InstanceId;
  readonly uid: string;
  readonly node: NodeId;
  readonly status: InstanceStatus;
  /** Absent: by a version that did not tell. */
  readonly placed?: PlacedAs;
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

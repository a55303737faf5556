/**
 * What the API tells of changes: a watch's lines and a service's history. Fields may be added, never
 * renamed. Times are wall clock, ms since 1970.
 */
import Type, { type Static } from "typebox";
import { Healthy, InstanceView, TaskEnd } from "./shapes.ts";

const NullableString = Type.Union([Type.String(), Type.Null()]);
const Run = Type.Union([Type.Literal("running"), Type.Literal("stopped")]);

/**
 * One record of a service reads differently: a line of a watch. `key`, `stamp` and `removed` of the
 * last line of each key are what a watch is given to go on, at any node. `kind` says which of the
 * other fields there are; none of them where the record was removed.
 */
export const ServiceChange = Type.Object({
  key: Type.String(),
  /** Names the write: of two of one key the later one is newer. */
  stamp: Type.String(),
  removed: Type.Boolean(),
  at: Type.Number(),
  /** Name of the node that wrote it. */
  by: Type.String(),
  /** Of the service. */
  name: Type.String(),
  kind: Type.Union([
    Type.Literal("spec"),
    Type.Literal("run"),
    Type.Literal("restart"),
    Type.Literal("placement"),
    Type.Literal("status"),
    /** A write of a spec or a run state lost a conflict: see its history. */
    Type.Literal("lost"),
  ]),
  /** Of a spec: of this creation, of which `generation` counts the versions. */
  uid: Type.Optional(Type.String()),
  generation: Type.Optional(Type.Integer()),
  spec: Type.Optional(Type.Unknown()),
  /** Of a spec that undoes the one before it: why. */
  rollback: Type.Optional(Type.String()),
  /** Of a run state: what the user wants. */
  run: Type.Optional(Run),
  /** Of a placement and of a status. */
  slot: Type.Optional(Type.Integer()),
  /** Of a placement. */
  epoch: Type.Optional(Type.Integer()),
  /** Of a placement and of a status: the instance, and its node's name; null where no node can take it. */
  id: Type.Optional(Type.String()),
  node: Type.Optional(NullableString),
  /** Of a status. */
  state: Type.Optional(InstanceView.properties.state),
  healthy: Type.Optional(Healthy),
  ports: Type.Optional(InstanceView.properties.ports),
  handle: Type.Optional(InstanceView.properties.handle),
  exit: Type.Optional(TaskEnd),
  restarts: Type.Optional(Type.Integer()),
  since: Type.Optional(Type.Number()),
  /** Of a placement and of a status. */
  reason: Type.Optional(Type.String()),
  /** Of a status: since when it is paused; absent: it is not. */
  pausedSince: Type.Optional(Type.Number()),
});
export type ServiceChange = Static<typeof ServiceChange>;

/** One version of what users wrote of a service, or a second copy of an instance that was ended. */
export const HistoryEntry = Type.Object({
  /**
   * `previous`: the version before the current one, to which a rollback goes back. `lost`: a later write,
   * whose author had not seen this one, holds instead. `ended`: of a copy, which another was kept of.
   */
  state: Type.Union([
    Type.Literal("current"),
    Type.Literal("previous"),
    Type.Literal("lost"),
    Type.Literal("ended"),
  ]),
  kind: Type.Union([Type.Literal("spec"), Type.Literal("run"), Type.Literal("copy")]),
  at: Type.Number(),
  /** Name of the node that wrote it. */
  by: Type.String(),
  /** It removed what was there. */
  removed: Type.Boolean(),
  /** Of a spec: of this creation, of which `generation` counts the versions. */
  uid: Type.Optional(Type.String()),
  generation: Type.Optional(Type.Integer()),
  spec: Type.Optional(Type.Unknown()),
  /** Of a spec that undoes the one before it: why. */
  rollback: Type.Optional(Type.String()),
  /** Of a run state. */
  run: Type.Optional(Run),
  /** Of a copy: of which service and slot, by name the node on which it ran, and why another was kept. */
  name: Type.Optional(Type.String()),
  slot: Type.Optional(Type.Integer()),
  node: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
});
export type HistoryEntry = Static<typeof HistoryEntry>;

/** What the API answers to a wish: what it has changed, or would. As in `shapes.ts`, scripts rely on these fields. */
import Type, { type Static } from "typebox";
import { type ServiceAction, serviceAction } from "../services/service-action.ts";
import { Integer, NullableString, Strings } from "./parts.ts";
import { InstanceState, TaskEnd, TokenView } from "./shapes.ts";

/** What the answer of a write is worth (DESIGN section 8). */
const acknowledgement = {
  class: Type.Union([Type.Literal("available"), Type.Literal("strict")]),
  /** Names of the nodes that have it on disk. */
  acks: Strings,
  /** How many nodes ought to have it. */
  replicas: Integer,
  partitioned: Type.Boolean(),
};

/** `NAME/SLOT` of what was not as wanted yet when the answer was given, or not gone. Absent: all was. */
const unfinished = Type.Optional(Strings);

export const DeployResult = Type.Object({
  group: Type.String(),
  generation: Integer,
  result: Type.Union([Type.Literal("created"), Type.Literal("updated"), Type.Literal("unchanged")]),
  /** Why the update has failed and was rolled back meanwhile; absent: it was not. */
  undone: Type.Optional(Type.String()),
  instances: Type.Immutable(
    Type.Array(
      Type.Object({
        name: Type.String(),
        slot: Integer,
        node: NullableString,
        state: InstanceState,
        reason: Type.Optional(Type.String()),
        exit: Type.Optional(TaskEnd),
      }),
    ),
  ),
  unfinished,
  ...acknowledgement,
});
export type DeployResult = Static<typeof DeployResult>;

/** What a deploy would do to a service or group. */
export const PlanResult = Type.Object({
  group: Type.String(),
  result: DeployResult.properties.result,
  /** That it would have. */
  generation: Integer,
  /** Of an update. Without `from` the field is new, without `to` it is gone. */
  changes: Type.Immutable(
    Type.Array(
      Type.Object({
        /** As in errors; `wanted` where a stopped service would be started. */
        path: Type.String(),
        from: Type.Optional(Type.Unknown()),
        to: Type.Optional(Type.Unknown()),
      }),
    ),
  ),
  instances: Type.Immutable(
    Type.Array(
      Type.Object({
        name: Type.String(),
        slot: Integer,
        /**
         * `place`: there is none yet. `keep`: it stays. `replace`: another takes the place of the
         * present one. `wait`: no node can take it. `remove`: there are to be fewer.
         */
        action: Type.Union([
          Type.Literal("place"),
          Type.Literal("keep"),
          Type.Literal("replace"),
          Type.Literal("wait"),
          Type.Literal("remove"),
        ]),
        /** Names of nodes: where it would be, and where it is now. */
        node: NullableString,
        from: NullableString,
        /** Why there, or why nowhere. */
        reason: Type.String(),
        /** Every node's every reason, where none can take it. */
        refusals: Type.Immutable(
          Type.Array(Type.Object({ node: Type.String(), reasons: Strings })),
        ),
      }),
    ),
  ),
});
export type PlanResult = Static<typeof PlanResult>;

/** What became of what was on a node that is drained. */
export const DrainResult = Type.Object({
  /** Its name. */
  node: Type.String(),
  instances: Type.Immutable(
    Type.Array(
      Type.Object({
        name: Type.String(),
        slot: Integer,
        /** Where it is now; null: nowhere. */
        node: NullableString,
        /** Why it is there still; absent: it is not. */
        reason: Type.Optional(Type.String()),
      }),
    ),
  ),
  ...acknowledgement,
});
export type DrainResult = Static<typeof DrainResult>;

export const RemovedVolume = Type.Object({
  name: Type.String(),
  /** The name of the node that it lived on. */
  node: Type.String(),
  /** False: that node was forgotten, and what data it has is left. */
  deleted: Type.Boolean(),
  ...acknowledgement,
});
export type RemovedVolume = Static<typeof RemovedVolume>;

/** What can be done to a service that is there. */
export const Action = serviceAction;
export type Action = ServiceAction;

export const ActionResult = Type.Object({
  name: Type.String(),
  /** `unchanged`: it already was as wanted. */
  result: Type.Union([
    Type.Literal("started"),
    Type.Literal("stopped"),
    Type.Literal("restarted"),
    Type.Literal("removed"),
    Type.Literal("unchanged"),
  ]),
  /** Its state when the answer was given; of what was removed, the last that is known of what is left of it. */
  state: Type.Union([InstanceState, Type.Literal("removed")]),
  /** Why it is in that state, where that is not as wanted: its node is away, say, or its engine. */
  reason: Type.Optional(Type.String()),
  unfinished,
  ...acknowledgement,
});
export type ActionResult = Static<typeof ActionResult>;

/** One instance that was to be paused, or to go on, and is. */
export const PausedResult = Type.Object({
  name: Type.String(),
  slot: Integer,
  /** The name of its node. */
  node: Type.String(),
  /** `unchanged`: it already was so. */
  result: Type.Union([Type.Literal("paused"), Type.Literal("resumed"), Type.Literal("unchanged")]),
});
export type PausedResult = Static<typeof PausedResult>;

export const CreatedToken = Type.Object({
  ...TokenView.properties,
  /** The token itself, told this once. */
  token: Type.String(),
  /** SHA-256 of this node's public key, in base64: curl's `--pinnedpubkey sha256//PIN`. */
  pin: Type.String(),
  ...acknowledgement,
});
export type CreatedToken = Static<typeof CreatedToken>;

export const RevokedTokens = Type.Object({
  revoked: Type.Immutable(Type.Array(TokenView)),
  ...acknowledgement,
});
export type RevokedTokens = Static<typeof RevokedTokens>;

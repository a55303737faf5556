/**
 * What the API says of nodes and services: one declaration each gives the type, the check and, later,
 * the OpenAPI document. Scripts rely on these fields (`--json` prints them): a field may be added,
 * never renamed. Times are wall clock, ms since 1970.
 */
import Type, { type Static } from "typebox";
import { type ServiceAction, serviceAction } from "../services/service-action.ts";

const Integer = Type.Integer();
const NullableString = Type.Union([Type.String(), Type.Null()]);
const Strings = Type.Immutable(Type.Array(Type.String()));

/** Memory in bytes, and CPUs. */
const Amounts = Type.Object({ memory: Type.Number(), cpu: Type.Number() });

/** A node, as the node that was asked sees it. */
export const NodeView = Type.Object({
  name: Type.String(),
  id: Type.String(),
  /** `host:port`. */
  address: Type.String(),
  state: Type.Union([
    Type.Literal("alive"),
    Type.Literal("suspect"),
    Type.Literal("away"),
    Type.Literal("dead"),
    Type.Literal("left"),
  ]),
  /** Nothing is to be placed on it: `mob drain`. */
  drained: Type.Boolean(),
  /** The types it offers, sorted. */
  providers: Strings,
  labels: Type.Record(Type.String(), Type.String()),
  version: Type.String(),
  /** Its share of the network's records, relative to other nodes'. */
  weight: Type.Number(),
  /** What services may reserve there. */
  capacity: Amounts,
  /** What of it is reserved; more than there is, where a node came back with less. */
  reserved: Amounts,
});
export type NodeView = Static<typeof NodeView>;

/** Life cycle of an instance (DESIGN section 9). */
export const InstanceState = Type.Union([
  Type.Literal("pending"),
  Type.Literal("starting"),
  Type.Literal("running"),
  Type.Literal("stopping"),
  Type.Literal("stopped"),
  Type.Literal("backing-off"),
  Type.Literal("failed"),
  Type.Literal("lost"),
  Type.Literal("done"),
]);
export type InstanceState = Static<typeof InstanceState>;

/** What the health checks of a task have found. */
export const Healthy = Type.Union([Type.Boolean(), Type.Null()]);

/** One instance of a service: a row of `mob ls`. */
export const InstanceView = Type.Object({
  /** `group/service`, or the one name of a lone service. */
  name: Type.String(),
  group: Type.String(),
  /** Null, as is `node`, as long as the instance has not been placed. */
  id: NullableString,
  slot: Integer,
  /** The node's name. */
  node: NullableString,
  provider: Type.String(),
  state: InstanceState,
  /** Null: no one checks, or nothing is known yet. It says nothing of `state`, nor that of it. */
  healthy: Healthy,
  /** How to find its task: `{ pid }`, `{ container }`…; empty when it has none. */
  handle: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
  /** The ports of its node that it has, by name. */
  ports: Type.Record(Type.String(), Integer),
  /** How its last task ended: one of the two, or neither where nothing recorded it. */
  exit: Type.Optional(
    Type.Object({ code: Type.Optional(Integer), signal: Type.Optional(Type.String()) }),
  ),
  restarts: Integer,
  /** When it came into its state. */
  since: Type.Number(),
  /** Why it is in its state, where there is something to say. */
  reason: Type.Optional(Type.String()),
  generation: Integer,
  /** The counter of its placement's epoch. */
  epoch: Integer,
});
export type InstanceView = Static<typeof InstanceView>;

/** Where a port of a running instance is reached; of one that is checked, only while it is healthy. */
export const EndpointView = Type.Object({
  name: Type.String(),
  slot: Integer,
  /** The node's name. */
  node: Type.String(),
  /** The port's name. */
  port: Type.String(),
  /** `host:port`, the host being the node's as the network knows it. */
  address: Type.String(),
  /** Null: no one checks. */
  healthy: Healthy,
});
export type EndpointView = Static<typeof EndpointView>;

/** A service or a whole group: what was deployed, and what became of it. */
export const ServiceDetail = Type.Object({
  name: Type.String(),
  group: Type.String(),
  /** The spec as it was deployed, defaults filled in. */
  spec: Type.Unknown(),
  /** What the user wants. */
  wanted: Type.Union([Type.Literal("running"), Type.Literal("stopped")]),
  generation: Integer,
  instances: Type.Immutable(Type.Array(InstanceView)),
});
export type ServiceDetail = Static<typeof ServiceDetail>;

/** What the answer of a write is worth (DESIGN section 8). */
const acknowledgement = {
  class: Type.Union([Type.Literal("available"), Type.Literal("strict")]),
  /** Names of the nodes that have it on disk. */
  acks: Strings,
  /** How many nodes ought to have it. */
  replicas: Integer,
  partitioned: Type.Boolean(),
};

export const DeployResult = Type.Object({
  group: Type.String(),
  generation: Integer,
  result: Type.Union([Type.Literal("created"), Type.Literal("updated"), Type.Literal("unchanged")]),
  instances: Type.Immutable(
    Type.Array(
      Type.Object({
        name: Type.String(),
        slot: Integer,
        node: NullableString,
        state: InstanceState,
        reason: Type.Optional(Type.String()),
      }),
    ),
  ),
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
  /** Its state when the answer was given. */
  state: Type.Union([InstanceState, Type.Literal("removed")]),
  /** Why it is in that state, where that is not as wanted: its node is away, say. */
  reason: Type.Optional(Type.String()),
  ...acknowledgement,
});
export type ActionResult = Static<typeof ActionResult>;

/** What a token lets its holder do. */
export const Role = Type.Union([
  Type.Literal("read"),
  Type.Literal("deploy"),
  Type.Literal("admin"),
]);
export type Role = Static<typeof Role>;

/** A token for the API over TCP, without its secret: that is kept nowhere. */
export const TokenView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Role,
  created: Type.Number(),
  /** Null: it holds until it is revoked. */
  expires: Type.Union([Type.Number(), Type.Null()]),
});
export type TokenView = Static<typeof TokenView>;

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

/** What shows the holder of a token that this node is of the token's network: see trust/api-token.ts. */
export const ProofView = Type.Object({ proof: Type.String() });
export type ProofView = Static<typeof ProofView>;

/** What came of one invocation of a function, and where. */
export const InvokedView = Type.Object({
  /** Of the invocation: in the lines of the service's log. */
  id: Type.String(),
  /** The node's name. */
  node: Type.String(),
  slot: Integer,
  /** A process was started for it. */
  cold: Type.Boolean(),
  /** How long the function took. */
  ms: Type.Number(),
  /** JSON; text where it is none. */
  answer: Type.Unknown(),
});
export type InvokedView = Static<typeof InvokedView>;

/** What one provider can do on one node, or why it cannot. */
export const ProviderView = Type.Object({
  /** The node's name. */
  node: Type.String(),
  type: Type.String(),
  available: Type.Boolean(),
  version: Type.Optional(Type.String()),
  features: Strings,
  /** What it could do elsewhere and cannot here, by feature, and why. */
  lacks: Type.Record(Type.String(), Type.String()),
  /** Why it is not available. */
  reason: Type.Optional(Type.String()),
});
export type ProviderView = Static<typeof ProviderView>;

/** What a node says of itself: who it is, and what it speaks. */
export const VersionView = Type.Object({
  version: Type.String(),
  /** Of the HTTP API; grows when a change breaks clients. */
  api: Integer,
});
export type VersionView = Static<typeof VersionView>;

/** A node that is about to stop. */
export const ShutdownView = Type.Object({
  /** The node's name. */
  name: Type.String(),
  /** Its process: the node has stopped when that is gone. */
  pid: Integer,
  /** Names of the services whose tasks run on under their keepers. */
  running: Strings,
});
export type ShutdownView = Static<typeof ShutdownView>;

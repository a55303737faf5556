/**
 * What the API says of nodes, services and tokens: one declaration each gives the type, the check and, later,
 * the OpenAPI document. Scripts rely on these fields (`--json` prints them): a field may be added,
 * never renamed. Times are wall clock, ms since 1970.
 */
import Type, { type Static } from "typebox";
import { Integer, NullableString, Strings } from "./parts.ts";

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

/** How the last task of an instance ended: with a code, by a signal, or neither where nothing recorded it. */
export const TaskEnd = Type.Object({
  code: Type.Optional(Integer),
  signal: Type.Optional(Type.String()),
  /** Why: what Mob ended it for, or, if the task ended by itself, what is known of that. */
  reason: Type.Optional(Type.String()),
  /** Mob ended it: for the reason, or because a user wished it. Absent: it did not. */
  byMob: Type.Optional(Type.Boolean()),
});
export type TaskEnd = Static<typeof TaskEnd>;

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
  exit: Type.Optional(TaskEnd),
  restarts: Integer,
  /** When it came into its state. */
  since: Type.Number(),
  /** Why it is in its state, where there is something to say. */
  reason: Type.Optional(Type.String()),
  /** Since when its engine has been away, by the clock of its node: what is told of it is of before. */
  engineAwaySince: Type.Optional(Type.Number()),
  generation: Integer,
  /** The counter of its placement's epoch. */
  epoch: Integer,
  /** Of one that runs: since when it is paused, by the clock of its node. Absent: it is not. */
  pausedSince: Type.Optional(Type.Number()),
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

/** A volume: a folder of a name, which outlives the services that use it. */
export const VolumeView = Type.Object({
  name: Type.String(),
  kind: Type.Literal("local"),
  /** The name of the node that it lives on. */
  node: Type.String(),
  /** The one that names it in its spec; null: none does. */
  service: NullableString,
});
export type VolumeView = Static<typeof VolumeView>;

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
  /** Since when it has been available, or not, while its node runs; absent of one of an older version. */
  since: Type.Optional(Type.Number()),
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

/** A node that has left its network, and is about to stop. */
export const LeftView = Type.Object({
  ...ShutdownView.properties,
  /** Names of the volumes whose data stays in its data folder. */
  volumes: Strings,
});
export type LeftView = Static<typeof LeftView>;

/** What the API says of actors: the tree of a node, and one actor in detail. */
import Type, { type Static } from "typebox";

const common = {
  /** Unique on its node: `mob/peer/listener`. */
  path: Type.String(),
  /** The name it is registered under. */
  name: Type.Optional(Type.String()),
  kind: Type.Union([Type.Literal("worker"), Type.Literal("supervisor")]),
  /** `running`, `suspended`, `starting`…: the actor layer's word. */
  status: Type.String(),
  /** While it is suspended: when it goes on by itself. Wall clock of its node, ms. */
  resumesAt: Type.Optional(Type.Number()),
  /** A supervisor's: `one_for_one`… */
  strategy: Type.Optional(Type.String()),
  /** Messages that wait. */
  mailbox: Type.Integer(),
  /** Messages handled since its start. */
  handled: Type.Integer(),
  /** How often it was restarted in its place. */
  restarts: Type.Integer(),
};

/** An actor and all below it. */
export const ActorView = Type.Cyclic(
  {
    ActorView: Type.Object({
      ...common,
      children: Type.Immutable(Type.Array(Type.Ref("ActorView"))),
    }),
  },
  "ActorView",
);
export type ActorView = Static<typeof ActorView>;

export const ActorDetail = Type.Object({
  /** Name of the node it lives on. */
  node: Type.String(),
  ...common,
  /** What its own `describe` gives; absent when it has none. */
  state: Type.Optional(Type.Unknown()),
  /** Time spent in its handlers, ms. */
  busyMs: Type.Number(),
  /** Messages that it refused since its mailbox was full. */
  refused: Type.Optional(Type.Integer()),
  /** Its last crash, or that of the actor that had its place before. */
  lastCrash: Type.Optional(
    Type.Object({
      /** Wall clock, ms. */
      at: Type.Number(),
      reason: Type.String(),
      /** What it was doing: a method's name, `init`, `info` or `terminate`. */
      during: Type.Optional(Type.String()),
    }),
  ),
});
export type ActorDetail = Static<typeof ActorDetail>;

/** An actor that queues its messages now. */
export const SuspendedView = Type.Object({
  /** The node's name. */
  node: Type.String(),
  path: Type.String(),
  /** When it goes on by itself. Wall clock of its node, ms. */
  resumesAt: Type.Number(),
});
export type SuspendedView = Static<typeof SuspendedView>;

export const ResumedView = Type.Object({
  node: Type.String(),
  path: Type.String(),
  /** False: it was not suspended. */
  wasSuspended: Type.Boolean(),
});
export type ResumedView = Static<typeof ResumedView>;

export const RestartedView = Type.Object({
  node: Type.String(),
  /** `begun`: what answers is among them, so the answer comes first and the connection may end. */
  result: Type.Union([Type.Literal("restarted"), Type.Literal("begun")]),
  /** What went down and up: the actor, and those that its supervisor's strategy ties to it. */
  paths: Type.Immutable(Type.Array(Type.String())),
});
export type RestartedView = Static<typeof RestartedView>;

/** One message of a trace, as it was about to be handled; or the begin or end of the actor's life. */
export const TraceRecordView = Type.Object({
  /** Wall clock of the actor's node, ms. */
  at: Type.Number(),
  kind: Type.Union([
    Type.Literal("call"),
    Type.Literal("cast"),
    Type.Literal("info"),
    Type.Literal("started"),
    Type.Literal("ended"),
  ]),
  method: Type.Optional(Type.String()),
  /** Name of the node that a call or a cast came from. */
  from: Type.Optional(Type.String()),
  /** What was in it, shortened, without secrets. Absent for one who may only read. */
  message: Type.Optional(Type.Unknown()),
  /** Messages left out just before this one, by the rate or because the reader was slow. */
  skipped: Type.Integer(),
});
export type TraceRecordView = Static<typeof TraceRecordView>;

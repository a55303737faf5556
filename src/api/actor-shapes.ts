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
  /** Its last crash, or that of the actor that had its place before. */
  lastCrash: Type.Optional(
    Type.Object({
      /** Wall clock, ms. */
      at: Type.Number(),
      reason: Type.String(),
    }),
  ),
});
export type ActorDetail = Static<typeof ActorDetail>;

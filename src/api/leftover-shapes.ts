/** What the API says of what is left on a node's machine of nodes that are gone. */
import Type, { type Static } from "typebox";
import { NullableString } from "./parts.ts";

const common = {
  /** Names it in its engine: a container's id; of processes their keeper, instance and attempt. */
  id: Type.String(),
};

export const LeftoverView = Type.Object({
  ...common,
  /** The type of the provider that finds and removes it. */
  provider: Type.String(),
  /** Id of the instance that it was a task of. */
  instance: Type.String(),
  /** Each null where the task does not tell: of processes the data folder is all that is known. */
  service: NullableString,
  network: NullableString,
  dataFolder: NullableString,
  /** When it was started: wall clock, ms. Null: not known. */
  since: Type.Union([Type.Number(), Type.Null()]),
  /**
   * `gone`: its data folder is no more, so it can be removed. `stopped`: that folder is there, and no node
   * runs on it. `unknown`: nothing tells whether it is.
   */
  state: Type.Union([Type.Literal("gone"), Type.Literal("stopped"), Type.Literal("unknown")]),
  reason: Type.String(),
});
export type LeftoverView = Static<typeof LeftoverView>;

/** Providers of the node whose engines could not be looked through, and why. */
const unread = Type.Immutable(
  Type.Array(Type.Object({ provider: Type.String(), reason: Type.String() })),
);

export const LeftoversView = Type.Object({
  /** Name of the node that has looked. */
  node: Type.String(),
  leftovers: Type.Immutable(Type.Array(LeftoverView)),
  unread,
});
export type LeftoversView = Static<typeof LeftoversView>;

export const RemovedLeftovers = Type.Object({
  node: Type.String(),
  results: Type.Immutable(
    Type.Array(
      Type.Object({
        ...common,
        /** Null of what was asked for and is not there; so is `instance`. */
        provider: NullableString,
        instance: NullableString,
        result: Type.Union([Type.Literal("removed"), Type.Literal("kept")]),
        /** Why it is kept. */
        reason: Type.Optional(Type.String()),
      }),
    ),
  ),
  unread,
});
export type RemovedLeftovers = Static<typeof RemovedLeftovers>;

/** What the API says of who is let in among nodes: join tokens, and the network's keys. */
import Type, { type Static } from "typebox";

/** A token with which one more machine may join, told this once. */
export const JoinTokenView = Type.Object({
  token: Type.String(),
  /** Where it is redeemed: `host:port` of the node that issued it. */
  address: Type.String(),
  /** Wall clock, ms. */
  expires: Type.Number(),
});
export type JoinTokenView = Static<typeof JoinTokenView>;

const Strings = Type.Immutable(Type.Array(Type.String()));

/** The network's keys, by their ids: nothing of them is shown. */
export const KeysView = Type.Object({
  keys: Type.Immutable(
    Type.Array(
      Type.Object({
        id: Type.String(),
        state: Type.Union([Type.Literal("in use"), Type.Literal("installed")]),
        revision: Type.Integer(),
        /** Names of the live nodes that do not hold it, or could not be asked. */
        missing: Strings,
      }),
    ),
  ),
  /** Names of the nodes that are not live, and may miss a rotation. */
  away: Strings,
});
export type KeysView = Static<typeof KeysView>;

/** A step of a rotation. `replace` is for after a leak. */
export const keySteps = ["install", "use", "remove", "replace"] as const;
export type KeyStep = (typeof keySteps)[number];

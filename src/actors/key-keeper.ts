/**
 * Rotates the network's keys with the other nodes: carries each step out here, durably, then brings it
 * to everyone, and gives its own ring to each peer that it meets. What leaves it is sealed, because
 * messages of actors can be looked at.
 */
import Type from "typebox";
import { Compile } from "typebox/compile";
import type { Audit } from "../core/audit.ts";
import { BadRequest, Conflict, MobError } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { isLive, type Member } from "../membership/view.ts";
import type { Behaviour, Caller, Self } from "../otp/gen-server.ts";
import { refuse, replyLater } from "../otp/gen-server.ts";
import { named } from "../otp/ref.ts";
import type { HeldKeys } from "../trust/held-keys.ts";
import {
  digestOf,
  installKey,
  type KeyRotation,
  knownKeysMax,
  liveKeys,
  liveKeysMax,
  mergeRotations,
  newKey,
  type OtherRing,
  type RingDigest,
  removeKey,
  replaceKeys,
  useKey,
} from "../trust/key-rotation.ts";
import type { NetworkKeys } from "../trust/key-text.ts";
import {
  openKeys,
  type SealedKeys,
  sealedBodyMax,
  sealKeys,
  wrapMax,
} from "../trust/sealed-keys.ts";
import type { Catalog } from "./catalog.ts";
import type { Links } from "./links.ts";
import { names } from "./names.ts";

/** A key that is not removed. */
export interface KeyInfo {
  readonly id: string;
  readonly state: "in use" | "installed";
  readonly revision: number;
  /** Names of the live nodes that do not hold it, or could not be asked. */
  readonly missing: readonly string[];
}

/** The keys, and what else an operator should know before the next step. */
export interface KeysInfo {
  readonly keys: readonly KeyInfo[];
  /** Names of the nodes that are not live: who misses a whole rotation needs a join token to return. */
  readonly away: readonly string[];
}

export type KeyKeeperProtocol = {
  list: { request: undefined; reply: KeysInfo };
  /** One more key that peers may prove. */
  install: { request: undefined; reply: KeysInfo };
  /** @throws NotFound; Conflict naming the live nodes that do not hold it */
  use: { request: { key: string }; reply: KeysInfo };
  /** @throws NotFound; Conflict when it is in use, or naming the live nodes that do not use the new one */
  remove: { request: { key: string }; reply: KeysInfo };
  /** After a leak: a fresh key here, and no connection with anyone who does not have it. */
  replace: { request: undefined; reply: KeysInfo };
  /** Another node's ring; answered with this one's, once both are in it and it is durable. */
  offer: { request: SealedKeys; reply: RingDigest };
};

export type KeyKeeperInfo = { readonly type: "peer-up"; readonly peer: NodeId };

export interface KeyKeeperOptions {
  readonly node: NodeId;
  readonly keys: HeldKeys;
  readonly links: Links;
  readonly catalog: Catalog;
  readonly audit: Audit;
}

interface State {
  readonly self: Self<KeyKeeperProtocol, KeyKeeperInfo>;
  readonly options: KeyKeeperOptions;
  /** One step at a time; settles with the last that was asked for. */
  steps: Promise<unknown>;
  /** The last seal, and of which keys: the same for every peer. */
  sealed: { readonly of: NetworkKeys; readonly as: SealedKeys } | undefined;
}

/** How long a node may take to answer before it counts as one that could not be asked. */
const askMsMax = 3_000;

/** How often a step is begun anew because a node came in meanwhile that was not asked. */
const attemptsMax = 3;

export function keyKeeper(
  options: KeyKeeperOptions,
): Behaviour<State, KeyKeeperProtocol, KeyKeeperInfo> {
  const step =
    <Request>(perform: (state: State, request: Request) => Promise<KeysInfo>) =>
    (state: State, request: Request, caller: Caller<KeysInfo>) => {
      state.steps = state.steps
        .then(() => perform(state, request))
        .then(
          (info) => caller.reply(info),
          (error: unknown) => caller.fail(error),
        );
      return [state, replyLater] as const;
    };
  return {
    init: (self) => ({ self, options, steps: Promise.resolve(), sealed: undefined }),
    handlers: {
      list: step((state) => tell(state)),
      install: step((state) => install(state)),
      use: step((state, { key }) => advance(state, (ring, others) => useKey(ring, key, others))),
      remove: step((state, { key }) =>
        advance(state, (ring, others) => removeKey(ring, key, others)),
      ),
      replace: step((state) => replace(state)),
      async offer(state, sealed, caller) {
        try {
          return [state, await takeIn(state, sealed, caller.node)];
        } catch (error) {
          if (error instanceof MobError) return refuse(state, error);
          throw error;
        }
      },
    },
    info(state, message) {
      if (message.type === "peer-up") offerTo(state, [message.peer]);
      return state;
    },
    remote: { offer: parseOffer },
    secret: ["offer"], // Sealed already: who has an old key could open what they see here.
    describe: () => ({ network: options.keys.network, keys: digestOf(options.keys.keys.ring) }),
  };
}

const isOffer = Compile(
  Type.Object({
    body: Type.String({ maxLength: sealedBodyMax }),
    wraps: Type.Array(
      Type.Object({
        for: Type.String({ maxLength: 16 }),
        wrapped: Type.String({ maxLength: wrapMax }),
      }),
      { maxItems: 2 * liveKeysMax },
    ),
  }),
);

function parseOffer(payload: unknown): SealedKeys {
  if (isOffer.Check(payload)) return payload;
  throw new BadRequest("not an offer of keys");
}

async function install(state: State): Promise<KeysInfo> {
  const fresh = newKey(state.self.env.random("network-key"));
  await state.options.keys.change((ring) => installKey(ring, fresh));
  return tell(state);
}

/** The change itself ends every connection: whoever has proven an old key is a stranger now. */
async function replace(state: State): Promise<KeysInfo> {
  const others = membersBut(state, ({ state: is }) => is !== "left").map(({ name }) => name);
  const fresh = newKey(state.self.env.random("network-key"));
  await state.options.keys.change((ring) => replaceKeys(ring, fresh));
  return { ...infoOf(state, []), away: others.sort() };
}

/** A step that every live node must be ready for. */
async function advance(
  state: State,
  next: (ring: KeyRotation, others: readonly OtherRing[]) => KeyRotation,
): Promise<KeysInfo> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const asked = await ask(state);
    const heard = new Set(asked.map(({ id }) => id));
    if (!membersBut(state, isLive).every(({ id }) => heard.has(id))) continue;
    await state.options.keys.change((ring) => next(ring, asked));
    return tell(state);
  }
  throw new Conflict("nodes come in faster than they can be asked: try again");
}

/** The keys as they are now, once every live node has been told of them. */
async function tell(state: State): Promise<KeysInfo> {
  return infoOf(state, await ask(state));
}

/** Brings every other live node up to date, and hears what each holds then. */
async function ask(state: State): Promise<readonly (OtherRing & { readonly id: NodeId })[]> {
  const sealed = seal(state);
  return Promise.all(
    membersBut(state, isLive).map(async ({ id, name }) => {
      const target = named<KeyKeeperProtocol>(id, names.keyKeeper);
      const answer = state.self.system.call(target, "offer", sealed, { timeoutMs: askMsMax });
      // Whom it could not ask is shown as such, by name, and stands in the way of the next step.
      return { id, name, digest: await answer.catch(() => undefined) };
    }),
  );
}

/** Another node's ring: what is new in it is kept, durably, and passed on. */
async function takeIn(state: State, sealed: SealedKeys, from: NodeId): Promise<RingDigest> {
  const { keys, links, audit } = state.options;
  const told = openKeys(sealed, keys.keys);
  if (told === undefined)
    throw new Conflict("the offered keys are sealed with none of this node's");
  const isNews = await keys.change((ring) => {
    const merged = mergeRotations(ring, told.ring);
    if (merged.size > 2 * knownKeysMax) throw new Conflict("more keys than a network can have");
    return merged;
  });
  if (isNews) {
    audit.record({
      what: "take in network keys",
      outcome: "done",
      who: `node ${from}`,
      how: "peer",
    });
    offerTo(
      state,
      links.peers().filter((peer) => peer !== from),
    );
  }
  return digestOf(keys.keys.ring);
}

/** Whether it arrives is seen when a step asks. */
function offerTo(state: State, peers: readonly NodeId[]): void {
  const sealed = seal(state);
  for (const peer of peers) {
    state.self.system.cast(named<KeyKeeperProtocol>(peer, names.keyKeeper), "offer", sealed);
  }
}

/** What is encrypted under a key is one and the same text, however often it is sent. */
function seal(state: State): SealedKeys {
  const { keys } = state.options.keys;
  if (state.sealed?.of !== keys) {
    state.sealed = { of: keys, as: sealKeys(keys, state.self.env.random("key-seal")) };
  }
  return state.sealed.as;
}

function infoOf(state: State, asked: readonly OtherRing[]): KeysInfo {
  const live = liveKeys(state.options.keys.keys.ring);
  const keys = live.map(({ id, revision }, i) => ({
    id,
    state: i === 0 ? ("in use" as const) : ("installed" as const),
    revision,
    missing: asked
      .filter(({ digest }) => !digest?.some((its) => its.id === id && !its.isRemoved))
      .map(({ name }) => name)
      .sort(),
  }));
  const away = membersBut(state, (member) => !isLive(member) && member.state !== "left");
  return { keys, away: away.map(({ name }) => name).sort() };
}

/** The other nodes that `are` so. */
function membersBut({ options }: State, are: (member: Member) => boolean): readonly Member[] {
  const { catalog, node } = options;
  return catalog.view.members.filter((member) => member.id !== node && are(member));
}

/**
 * Every message between peers, declared once: its number on the wire, its fields in the order in which
 * they travel, and their shapes. Numbers and fields are only ever appended (docs/how-to/add-a-message.md),
 * so that two versions next to each other understand each other.
 */
import { type Static, type TProperties, Type } from "typebox";
import {
  actorAddress,
  count,
  digestEntry,
  errorShape,
  exitReason,
  key,
  member,
  news,
  nodeId,
  proof,
  register,
  shard,
  shortText,
  stamp,
} from "./schemas.ts";

/** Peers of another major version are refused; a later minor one may send what is unknown here. */
export const protocolVersion = { major: 1, minor: 5 } as const;

interface Declaration<Kind extends string, Fields extends TProperties> {
  readonly number: number;
  readonly kind: Kind;
  readonly fields: Fields;
}

function declare<const Kind extends string, Fields extends TProperties>(
  number: number,
  kind: Kind,
  fields: Fields,
): Declaration<Kind, Fields> {
  return { number, kind, fields };
}

/** Who a node is, as both sides of a handshake say it. */
const identity = {
  magic: Type.Literal("mob"),
  major: count,
  minor: count,
  network: shortText,
  node: nodeId,
  boot: count,
  name: shortText,
  address: shortText,
  /** That it has the network's key, bound to this connection. Since 1.1, which brought TLS. */
  proof,
};
/** Keys of a network that a dialer may prove at once: see trust/key-rotation. */
const proofsMax = 16;
/** The last node on the ring that the receiver passes the message on to; absent: no one. Since 1.3. */
const onward = Type.Optional(nodeId);
const remoteCall = { target: actorAddress, method: Type.String(), payload: Type.Unknown() };

export const declarations = [
  // 1–9: the handshake. The dialer says hello; welcome or refuse is the answer.
  // Since 1.2 a peer has two connections. `bulkOf`: this is the second one, of that whose hello had this
  // proof; absent: it is the first, or, from a peer of 1.1, the only one. `moreProofs`: as `proof`, by
  // each other key that the dialer accepts; absent where there is none.
  declare(1, "hello", {
    ...identity,
    bulkOf: Type.Optional(proof),
    moreProofs: Type.Optional(Type.Array(proof, { maxItems: proofsMax })),
  }),
  declare(2, "welcome", identity),
  declare(3, "refuse", { code: shortText, message: Type.String() }),
  // 10–19: membership.
  // 10 was a whole view.
  declare(11, "sync", { hash: count, member, held: count }),
  declare(12, "digest", { entries: Type.Array(digestEntry) }),
  declare(13, "members", {
    members: Type.Array(member, { maxItems: 1_000 }),
    wanted: Type.Array(nodeId),
    more: Type.Boolean(),
  }),
  declare(14, "ping", { seq: count, news }),
  declare(15, "ping-request", { seq: count, target: nodeId, news }),
  declare(16, "ack", { seq: count, news, hash: Type.Optional(count) }), // `hash`: since 1.4.
  declare(17, "nack", { seq: count }),
  declare(18, "gossip", { news }),
  // 20–29: the store.
  declare(20, "store-delta", {
    shard,
    registers: Type.Array(register),
    durable: Type.Boolean(),
    onward,
  }),
  declare(21, "store-ack", { shard, stamp }),
  declare(22, "store-digest", { hash: shortText }),
  declare(23, "store-roots", {
    isSame: Type.Boolean(),
    roots: Type.Array(Type.Object({ shard, root: shortText }), { maxItems: 1_024 }),
    horizon: Type.Optional(stamp), // Since 1.5.
  }),
  declare(24, "store-state", { shard, registers: Type.Array(register) }),
  declare(25, "store-leaves", {
    shard,
    sums: Type.Array(count, { maxItems: 256 }),
    wanted: Type.Boolean(),
  }),
  declare(26, "store-refuse", { shard, stamp, message: Type.String() }),
  declare(27, "store-confirm", {
    shard,
    root: shortText,
    isAnswer: Type.Boolean(),
    count: Type.Optional(count),
    onward,
  }),
  declare(28, "store-purge", {
    shard,
    tombstones: Type.Array(Type.Object({ key, stamp })),
    onward,
  }),
  // 30–39: actors. Payloads are checked by the receiving actor's own schema.
  declare(30, "call", { id: count, timeoutMs: Type.Number(), ...remoteCall }),
  declare(31, "cast", remoteCall),
  declare(32, "reply", { id: count, ok: Type.Literal(true), payload: Type.Unknown() }),
  declare(33, "reply", { id: count, ok: Type.Literal(false), error: errorShape }),
  declare(34, "monitor", { id: count, target: actorAddress }),
  declare(35, "demonitor", { id: count }),
  declare(36, "down", { id: count, reason: exitReason }),
] as const;

type MessageOf<D> =
  D extends Declaration<infer Kind, infer Fields>
    ? { readonly kind: Kind } & Frozen<Static<ReturnType<typeof Type.Object<Fields>>>>
    : never;

/** What one peer says to another. */
export type Message = MessageOf<(typeof declarations)[number]>;
/** The messages of some kinds. */
export type MessageOfKind<Kind extends Message["kind"]> = Extract<Message, { readonly kind: Kind }>;

/** Who a peer is and what it speaks. */
export type Identity = Omit<MessageOfKind<"welcome">, "kind" | "magic" | "proof">;

type Frozen<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Frozen<Item>[]
    : T extends object
      ? { readonly [Field in keyof T]: Frozen<T[Field]> }
      : T;

/**
 * The shapes that peer messages are made of. Each has the type that the rooms use for it; fields that
 * a later version adds to an object are let through.
 */
import { Type } from "typebox";
import type { ErrorShape } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { weightMax, weightMin } from "../core/limits.ts";

export const nodeId = Type.Unsafe<NodeId>(Type.String({ pattern: "^[0-9a-f]{32}$" }));
/** An id within payloads that are looked up, not stored: any text does no harm. */
const nodeIdText = Type.Unsafe<NodeId>(Type.String());
export const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/**
 * For people and tables: bounded, so that no peer fills a log or a list, and without control
 * characters, so that none writes to a terminal what is not text.
 */
export const shortText = Type.String({ pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]{0,255}$" });
/** 32 bytes as hex. */
export const proof = Type.String({ pattern: "^[0-9a-f]{64}$" });
/** Of a register. Storage takes at most 1,978 bytes, its own prefix included. */
export const key = Type.String({ pattern: "^[\\u0021-\\u007e]{1,1024}$" });

export const errorShape = Type.Unsafe<ErrorShape>(
  Type.Object({
    code: Type.String(),
    message: Type.String(),
    details: Type.Array(Type.Object({ path: Type.String(), message: Type.String() })),
  }),
);

/** An actor of this node: one life, or whoever holds a name. */
export const actorAddress = Type.Union([
  Type.Object({ node: nodeIdText, boot: count, path: Type.String(), serial: count }),
  Type.Object({ node: nodeIdText, name: Type.String() }),
]);

export const exitReason = Type.Union([
  Type.Object({ kind: Type.Literal("normal") }),
  Type.Object({ kind: Type.Literal("shutdown"), detail: Type.Optional(Type.String()) }),
  Type.Object({ kind: Type.Literal("killed") }),
  Type.Object({ kind: Type.Literal("crashed"), error: errorShape }),
  Type.Object({ kind: Type.Literal("noproc") }),
  Type.Object({ kind: Type.Literal("noconnection"), detail: Type.Optional(Type.String()) }),
]);

const providerFact = Type.Object({
  type: shortText,
  available: Type.Boolean(),
  version: Type.Optional(shortText),
  features: Type.Optional(Type.Array(shortText)),
  reason: Type.Optional(Type.String()),
  since: Type.Optional(Type.Number()),
  lacks: Type.Optional(Type.Record(Type.String(), Type.String())),
});

const resources = Type.Object({ memoryBytes: count, milliCpus: count });

/** Of a node, as nodes keep and tell it. */
export const member = Type.Object({
  id: nodeId,
  name: shortText,
  address: shortText,
  incarnation: count,
  state: Type.Union([
    Type.Literal("alive"),
    Type.Literal("suspect"),
    Type.Literal("away"),
    Type.Literal("dead"),
    Type.Literal("left"),
    Type.Literal("forgotten"),
  ]),
  facts: Type.Object({
    providers: Type.Array(providerFact),
    labels: Type.Record(Type.String(), Type.String()),
    version: shortText,
    weight: Type.Optional(Type.Number({ minimum: weightMin, maximum: weightMax })),
    capacity: Type.Optional(resources),
  }),
});

/** `by`: whose observation it is; empty: it is established. */
export const news = Type.Array(
  Type.Object({ member, by: Type.Union([nodeId, Type.Literal("")]) }),
  { maxItems: 1_000 },
);

/** A node's id, its incarnation, and the severity of its state. */
export const digestEntry = Type.Tuple([nodeId, count, count]);

export const stamp = Type.Object({ wall: count, counter: count, origin: nodeId });

/** One of 1,024 slices of the key space (src/ring). */
export const shard = Type.Integer({ minimum: 0, maximum: 1_023 });

export const register = Type.Object({
  key,
  value: Type.Optional(Type.Unknown()),
  stamp,
  seen: Type.Array(stamp, { maxItems: 64 }),
});

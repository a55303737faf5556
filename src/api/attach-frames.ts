/**
 * What goes over the one WebSocket of an attached session, as JSON text: the API's own requests and
 * answers, and traces. Both sides check every frame. The subprotocol and the hello carry the version:
 * a frame may get fields, a change that breaks clients is another version.
 */
import Type, { type Static } from "typebox";
import Value from "typebox/value";
import { TraceRecordView } from "./actor-shapes.ts";
import { bodyBytesMax } from "./paths.ts";

export const attachProtocol = 1;
/** As `Sec-WebSocket-Protocol` has it. */
export const attachSubprotocol = `mob.attach.${attachProtocol}`;
/** Largest frame that a client may send: a request with the largest body. */
export const clientFrameBytesMax = bodyBytesMax + 16 * 1024;
/** Largest frame that a node sends: an answer about very many things. */
export const nodeFrameBytesMax = 64 * 1024 * 1024;
/** Time between two pings of either side; one that was not answered by the next ends the session. */
export const pingMs = 20_000;

/** Close codes of RFC 6455, section 7.4, and what they mean here. */
export const closeCodes = {
  /** Binary, or no JSON. */
  unreadable: 1007,
  /** JSON, and no frame of this protocol; or a client that is too slow, or may no longer ask. */
  refused: 1008,
  /** The node's API restarts, or the node stops. */
  restart: 1012,
} as const;

/** Chosen by the client; what answers bears the same. */
const id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const strict = { additionalProperties: false };

/** What a client says. */
export const ClientFrame = Type.Union([
  Type.Object(
    {
      type: Type.Literal("request"),
      id,
      method: Type.Union([Type.Literal("GET"), Type.Literal("POST")]),
      path: Type.String({ pattern: "^/v1/[\\u0021-\\u007e]*$", maxLength: 4_096 }),
      body: Type.Optional(Type.Unknown()),
    },
    strict,
  ),
  Type.Object(
    {
      type: Type.Literal("trace"),
      id,
      /** A path or a registered name. */
      target: Type.String({ minLength: 1, maxLength: 1_024 }),
      /** Name or id of its node; default: the one attached to. */
      node: Type.Optional(Type.String({ maxLength: 256 })),
      messagesMax: Type.Integer({ minimum: 1 }),
      perSecondMax: Type.Integer({ minimum: 1 }),
    },
    strict,
  ),
  /** The answer to that id is not wanted any more. */
  Type.Object({ type: Type.Literal("cancel"), id }, strict),
]);
export type ClientFrame = Static<typeof ClientFrame>;

const ErrorView = Type.Object({
  code: Type.String(),
  message: Type.String(),
  details: Type.Array(Type.Object({ path: Type.String(), message: Type.String() })),
});

/** What a node says. */
export const NodeFrame = Type.Union([
  /** The first: who answers, and what they let the client do. */
  Type.Object({
    type: Type.Literal("hello"),
    protocol: Type.Integer(),
    /** The node's name. */
    node: Type.String(),
    version: Type.String(),
    role: Type.String(),
    who: Type.String(),
  }),
  Type.Object({ type: Type.Literal("answer"), id, status: Type.Integer(), body: Type.Unknown() }),
  /** A piece of an answer that has no end of its own, in base64; `end` is its end. */
  Type.Object({ type: Type.Literal("data"), id, base64: Type.String() }),
  Type.Object({ type: Type.Literal("end"), id }),
  /** The trace is on. */
  Type.Object({
    type: Type.Literal("tracing"),
    id,
    node: Type.String(),
    path: Type.String(),
  }),
  Type.Object({ type: Type.Literal("traced"), id, records: Type.Array(TraceRecordView) }),
  /** The trace is over: `done`, `replaced` or `failed`. */
  Type.Object({ type: Type.Literal("trace-ended"), id, why: Type.String() }),
  /** What was asked with that id could not be done, or not to its end. */
  Type.Object({ type: Type.Literal("failed"), id, error: ErrorView }),
]);
export type NodeFrame = Static<typeof NodeFrame>;

/** Undefined for what is no frame. @throws SyntaxError for what is no JSON */
export function parseClientFrame(text: string): ClientFrame | undefined {
  const value: unknown = JSON.parse(text);
  return Value.Check(ClientFrame, value) ? value : undefined;
}

/** As `parseClientFrame`. */
export function parseNodeFrame(text: string): NodeFrame | undefined {
  const value: unknown = JSON.parse(text);
  return Value.Check(NodeFrame, value) ? value : undefined;
}

/**
 * What goes over the one WebSocket of an attached session, as JSON text: the API's own requests and
 * answers, traces, and commands that are run beside tasks. Both sides check every frame. The subprotocol and the hello carry the version:
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

/** Of a piece of what a command reads; the client waits until the one before was taken. */
export const inputBytesMax = 48 * 1024;

/** Chosen by the client; what answers bears the same. */
const id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const strict = { additionalProperties: false };
const length = Type.Integer({ minimum: 1, maximum: 10_000 });
const size = { columns: length, rows: length };

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
  /** Runs a command beside a task; `cancel` kills it. */
  Type.Object(
    {
      type: Type.Literal("exec"),
      id,
      /** A service, or one slot of it: `web`, `shop/web/2`. */
      service: Type.String({ minLength: 1, maxLength: 1_024 }),
      /** A program and its arguments; none: the console of the task, which ends with the input. */
      command: Type.Immutable(Type.Array(Type.String({ maxLength: 32_768 }), { maxItems: 4_096 })),
      /** Whether it reads what comes as `input`; default: it reads nothing. */
      input: Type.Optional(Type.Boolean()),
      /** It has a terminal of that size; default: none. */
      terminal: Type.Optional(Type.Object(size, strict)),
    },
    strict,
  ),
  /** What the command of that id reads: a piece, once `taken` came for the one before. */
  Type.Object(
    {
      type: Type.Literal("input"),
      id,
      base64: Type.String({ maxLength: Math.ceil(inputBytesMax / 3) * 4 }),
    },
    strict,
  ),
  /** There is no more. */
  Type.Object({ type: Type.Literal("input-end"), id }, strict),
  /** The terminal of that command has another size. */
  Type.Object({ type: Type.Literal("resize"), id, ...size }, strict),
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
  /** The command is about to run: there, beside that instance. */
  Type.Object({
    type: Type.Literal("executing"),
    id,
    node: Type.String(),
    service: Type.String(),
    slot: Type.Integer(),
  }),
  /** A piece of what a command wrote. */
  Type.Object({
    type: Type.Literal("output"),
    id,
    stream: Type.Union([Type.Literal("stdout"), Type.Literal("stderr")]),
    base64: Type.String(),
  }),
  /** The last piece of input was taken. */
  Type.Object({ type: Type.Literal("taken"), id }),
  /** The command has ended: how, as far as is known. */
  Type.Object({
    type: Type.Literal("exited"),
    id,
    code: Type.Optional(Type.Integer()),
    signal: Type.Optional(Type.String()),
    reason: Type.Optional(Type.String()),
  }),
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

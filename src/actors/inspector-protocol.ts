/**
 * What can be asked of a node's inspector, from any node. Peers trust each other: who may ask what is
 * decided at the node that a user is attached to.
 */
import Type, { type Static, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest } from "../core/errors.ts";
import type { ActorFactsDetail, ActorFactsTree } from "./actor-facts.ts";
import { sessionOwner } from "./sessions.ts";
import type { TracePiece } from "./trace-ring.ts";

/** Longest that an actor may be suspended: a forgotten one must not hold up its node for good. */
export const suspendMsMax = 10 * 60_000;
/** What a trace may show at most: more in a second would cost a busy actor over 5 % (bench/trace.ts). */
export const traceLimits = { messagesMax: 100_000, perSecondMax: 250 } as const;
/** Longest that a read of a trace waits for something to tell. */
export const traceWaitMsMax = 30_000;

/** A path or a registered name. */
const target = Type.String({ minLength: 1, maxLength: 1_024 });
const count = Type.Integer({ minimum: 0 });

const Target = Type.Object({ target });
const Suspend = Type.Object({
  target,
  forMs: Type.Integer({ minimum: 1, maximum: suspendMsMax }),
  owner: Type.Optional(sessionOwner),
});
const StartTrace = Type.Object({
  target,
  messagesMax: Type.Integer({ minimum: 1, maximum: traceLimits.messagesMax }),
  perSecondMax: Type.Integer({ minimum: 1, maximum: traceLimits.perSecondMax }),
  /** Whether what is in the messages is told, or only that they came. */
  content: Type.Boolean(),
  owner: sessionOwner,
});
const TraceId = Type.Object({ trace: count });
const ReadTrace = Type.Object({
  trace: count,
  waitMs: Type.Integer({ minimum: 0, maximum: traceWaitMsMax }),
});

export interface Suspended {
  readonly path: string;
  /** Wall clock of its node, ms. */
  readonly resumesAt: number;
}

export interface Restarted {
  /** `begun`: it takes along what the answer would have come through, so it is answered before. */
  readonly result: "restarted" | "begun";
  /** What went down and up, in start order. */
  readonly paths: readonly string[];
}

/** Each that names a target: @throws NotFound */
export type InspectorProtocol = {
  tree: { request: undefined; reply: ActorFactsTree };
  detail: { request: Static<typeof Target>; reply: ActorFactsDetail };
  /** @throws Conflict for an actor that the network or the inspection itself relies on */
  suspend: { request: Static<typeof Suspend>; reply: Suspended };
  resume: {
    request: Static<typeof Target>;
    reply: { readonly path: string; readonly wasSuspended: boolean };
  };
  /** @throws Conflict for the root; what the start throws */
  restart: { request: Static<typeof Target>; reply: Restarted };
  /** @throws Conflict when too many traces are on */
  startTrace: {
    request: Static<typeof StartTrace>;
    reply: { readonly trace: number; readonly path: string };
  };
  /** Waits until there is something; an empty piece after `waitMs`. @throws NotFound: it is over */
  readTrace: { request: Static<typeof ReadTrace>; reply: TracePiece };
  /** Idempotent. */
  stopTrace: { request: Static<typeof TraceId>; reply: "stopped" };
};

export const inspectorParsers: {
  readonly [M in keyof InspectorProtocol]: (payload: unknown) => InspectorProtocol[M]["request"];
} = {
  tree: () => undefined,
  detail: parser(Target),
  suspend: parser(Suspend),
  resume: parser(Target),
  restart: parser(Target),
  startTrace: parser(StartTrace),
  readTrace: parser(ReadTrace),
  stopTrace: parser(TraceId),
};

function parser<Schema extends TSchema>(schema: Schema): (payload: unknown) => Static<Schema> {
  const compiled = Compile(schema);
  return (payload) => {
    if (compiled.Check(payload)) return payload;
    throw new BadRequest("not a question about an actor");
  };
}

/** What answers that go on for long have in common: who ends them, and how their wishes are read. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Gate } from "./access.ts";

/**
 * Aborted once the answer is to end: its reader has gone, or may no longer read, or the API is being
 * closed.
 */
export function streamSignal(
  request: FastifyRequest,
  reply: FastifyReply,
  gate: Gate,
  closing: AbortSignal,
): AbortSignal {
  const gone = new AbortController();
  const unwatch = gate.watch(gate.authorise(request.raw), () => gone.abort());
  reply.raw.once("close", () => {
    unwatch();
    gone.abort();
  });
  return AbortSignal.any([gone.signal, closing]);
}

/** The parser's objects have no prototype, which the schemas' checks expect. */
export function queryOf(request: FastifyRequest): unknown {
  return Object.assign({}, request.query);
}

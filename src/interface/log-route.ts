/**
 * Streams a service's output. It is pulled: the next piece is asked for when the client has taken
 * the last one, so a slow reader costs one piece of memory, and one that has gone ends the reading.
 */
import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { Static } from "typebox";
import { check } from "../api/check.ts";
import type { Commands, LogChunk, LogOptions } from "../api/commands.ts";
import { encodeLogChunk, encodeLogError } from "../api/log-frames.ts";
import { logContentType, paths } from "../api/paths.ts";
import { LogsQuery } from "../api/requests.ts";
import { errorShape } from "../core/errors.ts";
import type { Gate } from "./access.ts";
import { queryOf, streamSignal } from "./streaming.ts";

/** Lines shown when the client does not say. */
const tailDefault = 100;

/** `closing` ends the streams: the API is being closed. */
export function addLogRoute(
  app: FastifyInstance,
  commands: Commands,
  gate: Gate,
  closing: AbortSignal,
): void {
  app.get<{ Params: { name: string } }>(paths.logs, async (request, reply) => {
    const query = check(LogsQuery, queryOf(request), "the query");
    const signal = streamSignal(request, reply, gate, closing);
    const chunks = await commands.logs(request.params.name, optionsOf(query), signal);
    reply.type(logContentType);
    // The client learns that the service is there although it may long have nothing to say.
    const begin = () => reply.raw.flushHeaders();
    return reply.send(Readable.from(frames(chunks, signal, begin), { objectMode: false }));
  });
}

function optionsOf({ tail, follow, slot }: Static<typeof LogsQuery>): LogOptions {
  const lines = tail === "all" ? "all" : Number(tail ?? tailDefault);
  const options = { tail: lines, follow: follow === "true" } as const;
  return slot === undefined ? options : { ...options, slot: Number(slot) };
}

/** The answer has begun, so an error can only be told inside it. */
async function* frames(
  chunks: AsyncIterable<LogChunk>,
  signal: AbortSignal,
  begin: () => void,
): AsyncGenerator<Buffer> {
  begin();
  try {
    for await (const chunk of chunks) yield encodeLogChunk(chunk);
  } catch (error) {
    if (!signal.aborted) yield encodeLogError(errorShape(error));
  }
}

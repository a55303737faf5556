/**
 * Streams the changes of services, a line of JSON each. It is pulled, so that a slow reader costs no
 * memory here; empty lines tell one that nothing has changed, and that this node still lives.
 */
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { check } from "../api/check.ts";
import type { Commands, WatchOptions } from "../api/commands.ts";
import type { ErrorEnvelope } from "../api/error-envelope.ts";
import { paths, watchBeatMs, watchBodyBytesMax, watchContentType } from "../api/paths.ts";
import { WatchRequest } from "../api/requests.ts";
import type { ServiceChange } from "../api/watch-shapes.ts";
import { errorShape } from "../core/errors.ts";
import type { Gate } from "./access.ts";
import { servicesIn } from "./services-query.ts";
import { streamSignal } from "./streaming.ts";

/** `closing` ends the streams: the API is being closed. */
export function addWatchRoutes(
  app: FastifyInstance,
  commands: Commands,
  gate: Gate,
  closing: AbortSignal,
): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply, options: WatchOptions) => {
    const signal = streamSignal(request, reply, gate, closing);
    const changes = await commands.watch(options, signal);
    reply.type(watchContentType);
    const begin = () => reply.raw.flushHeaders();
    return reply.send(Readable.from(lines(changes, signal, begin), { objectMode: false }));
  };
  app.get(paths.watch, (request, reply) => {
    const services = servicesIn(request);
    return answer(request, reply, services === undefined ? {} : { services });
  });
  app.post(paths.watch, { bodyLimit: watchBodyBytesMax }, (request, reply) => {
    const { services, told } = check(WatchRequest, request.body, "the body");
    // What is in `told` is looked at where it is used: once, there may be much of it.
    const resumed = { told: told as NonNullable<WatchOptions["told"]> };
    return answer(request, reply, {
      ...(services !== undefined && { services }),
      ...(told !== undefined && resumed),
    });
  });
}

async function* lines(
  changes: AsyncIterable<readonly ServiceChange[]>,
  signal: AbortSignal,
  begin: () => void,
): AsyncGenerator<string> {
  begin();
  const batches = changes[Symbol.asyncIterator]();
  try {
    for (let next = batches.next(); ; ) {
      const came = await within(watchBeatMs, next);
      if (came === undefined) yield "\n";
      else if (came.done === true) return;
      else {
        yield came.value.map((change) => `${JSON.stringify(change)}\n`).join("");
        next = batches.next();
      }
    }
  } catch (error) {
    // The answer has begun, so an error can only be told inside it.
    if (signal.aborted) return;
    yield `${JSON.stringify({ error: errorShape(error) } satisfies ErrorEnvelope)}\n`;
  }
}

/** Undefined: it has not come within that time, and may yet. */
async function within<T>(ms: number, coming: Promise<T>): Promise<T | undefined> {
  const enough = new AbortController();
  const late = delay(ms, undefined, { signal: enough.signal, ref: false }).catch(() => undefined);
  try {
    return await Promise.race([coming, late]);
  } finally {
    enough.abort();
  }
}

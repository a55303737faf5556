/**
 * How every failure is answered: `{ error: { code, message, details } }` with a fitting status, never
 * a stack. A bug is logged with its stack and answered as `internal`.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ErrorEnvelope } from "../api/error-envelope.ts";
import { statusOf } from "../api/error-status.ts";
import { apiHeader, apiVersion } from "../api/paths.ts";
import type { Audit } from "../core/audit.ts";
import { BadRequest, errorShape, MobError, NotFound } from "../core/errors.ts";
import type { Log } from "../core/log.ts";

export function answerErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler(async (error, request, reply) => {
    const shape = errorShape(asMobError(error));
    const status = statusOf(shape.code);
    if (status === 500) {
      log.error("a request failed", { method: request.method, path: request.url, error });
    }
    return reply
      .code(protocolStatus(error) ?? status)
      .send({ error: shape } satisfies ErrorEnvelope);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const error = errorShape(new NotFound(`there is no ${request.method} ${request.url}`));
    return reply.code(404).send({ error } satisfies ErrorEnvelope);
  });
}

/** What fastify refuses by itself (no JSON, too large) is the request's fault, not ours. */
function asMobError(error: unknown): unknown {
  if (error instanceof MobError || protocolStatus(error) === undefined) return error;
  return new BadRequest(error instanceof Error ? error.message : String(error));
}

/** The 4xx status that fastify itself gave an error. */
function protocolStatus(error: unknown): number | undefined {
  if (error instanceof MobError || !(error instanceof Error) || !("statusCode" in error)) {
    return undefined;
  }
  const { statusCode } = error;
  const refused = typeof statusCode === "number" && statusCode >= 400 && statusCode < 500;
  return refused ? statusCode : undefined;
}

/** Answers one who is not let in: nothing but this has looked at the request. */
export function refuseRequest(response: ServerResponse, error: unknown): void {
  const shape = errorShape(error);
  const status = statusOf(shape.code);
  response.writeHead(status, {
    [apiHeader]: String(apiVersion),
    "content-type": "application/json; charset=utf-8",
    ...(status === 401 && { "www-authenticate": "Bearer" }),
  });
  response.end(JSON.stringify({ error: shape } satisfies ErrorEnvelope));
}

/** Answers what the router cannot even read: a path with a broken escape. */
export function answerUnread(error: Error, reply: FastifyReply): void {
  const shape = errorShape(new BadRequest(error.message));
  reply.header(apiHeader, String(apiVersion));
  reply.code(400).send({ error: shape } satisfies ErrorEnvelope);
}

/** What a client may take to read why it is cut. */
const lingerMs = 1_000;

/** Answers what is not HTTP, or not in time: there is no request yet, only a socket. */
export function refuseNoHttp(cause: ClientError, socket: Socket, audit: Audit): void {
  const { code = "", message } = cause;
  if (code !== "ECONNRESET" && code !== "EPIPE") {
    const how = socket.remoteAddress ?? "socket";
    const refused = { what: "bytes that are no request", outcome: "refused" } as const;
    audit.record({ ...refused, who: "unknown", how, detail: code });
  }
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const error = errorShape(new BadRequest(`this is no HTTP request: ${message}`));
  const body = JSON.stringify({ error } satisfies ErrorEnvelope);
  socket.end(
    `HTTP/1.1 ${statuses[code] ?? "400 Bad Request"}\r\nconnection: close\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const linger = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once("close", () => clearTimeout(linger));
}

type ClientError = Error & { readonly code?: string };

const statuses: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

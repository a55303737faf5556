/**
 * Gives the API's own routes to requests that come over a WebSocket: what is checked, refused and
 * answered there is the same, byte for byte. A request so given has no socket; in place of the address
 * that it came from stands the name of its session.
 */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";

export interface TunnelRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
}

export interface TunnelAnswer {
  readonly status: number;
  readonly contentType: string;
  /** As it comes; it is asked for no faster than it is read. */
  readonly body: AsyncIterable<Buffer>;
  /** Its reader has gone. Idempotent. */
  destroy(): void;
}

/** Asks the API on behalf of the session of that name. */
export type Tunnel = (session: string, request: TunnelRequest) => Promise<TunnelAnswer>;

export function createTunnel(app: FastifyInstance): Tunnel {
  return async (session, { method, path, body }) => {
    const answer = await app.inject({
      method,
      url: path,
      remoteAddress: session,
      headers: {
        host: "localhost",
        ...(method === "POST" && { "content-type": "application/json" }),
      },
      ...(method === "POST" && { payload: JSON.stringify(body ?? {}) }),
      payloadAsStream: true,
    });
    const { res } = answer.raw;
    return {
      status: answer.statusCode,
      contentType: String(answer.headers["content-type"] ?? ""),
      body: answer.stream(),
      destroy: () => res.destroy(),
    };
  };
}

/** The session that a request came through, if it did. No real connection has such an address. */
export function sessionOf({ socket }: IncomingMessage): string | undefined {
  const from = socket.remoteAddress;
  return from?.startsWith(sessionPrefix) === true ? from : undefined;
}

/** What names of sessions begin with. */
export const sessionPrefix = "session/";

/**
 * The HTTP server of a node. It never listens: the port tells HTTP from peers by the first bytes and
 * hands sockets over. It stops within a bound, whoever is still connected: a client that follows a
 * log must not keep a node alive.
 */
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import type { Commands } from "../api/commands.ts";
import { apiHeader, apiVersion, bodyBytesMax } from "../api/paths.ts";
import type { Log } from "../core/log.ts";
import { takeUpgrades } from "./attach-upgrade.ts";
import { Connections } from "./connections.ts";
import { answerErrors, refuseNoHttp } from "./error-answers.ts";
import { addRoutes } from "./routes.ts";
import type { Sessions } from "./sessions.ts";
import { createTunnel, sessionOf } from "./tunnel.ts";
import { refuseWebPages } from "./web-page-guard.ts";

/**
 * How long an idle connection may be reused. Long, since a client that asks again in the very moment
 * in which it is closed cannot know whether it was heard; idle ones cost little and end with the API.
 */
const keepAliveMs = 60_000;

export interface ApiOptions {
  /** Time for a request's headers to arrive; default 10,000 ms. Bounds what a slow sender can hold. */
  readonly headersTimeoutMs?: number;
  /** Time for requests that run to be answered when the API closes; default 2,000 ms. */
  readonly closeGraceMs?: number;
  /** Takes those who attach; default: no one can. */
  readonly sessions?: Pick<Sessions, "open" | "access">;
}

export interface Api {
  /** Serves HTTP on a connected socket; bytes already read must have been unshifted. */
  take(socket: Socket): void;
  /** Ends streams, lets other requests be answered, then cuts every connection. Idempotent. */
  close(): Promise<void>;
}

export async function createApi(
  commands: Commands,
  log: Log,
  { headersTimeoutMs = 10_000, closeGraceMs = 2_000, sessions }: ApiOptions = {},
): Promise<Api> {
  const closing = new AbortController();
  const server = createServer({
    headersTimeout: headersTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.min(headersTimeoutMs, 5_000),
  });
  const connections = new Connections(server);
  const app = await serve(server, commands, log, closing.signal);
  if (sessions !== undefined) {
    const take = takeUpgrades({
      authorise: (request) => {
        refuseWebPages(request);
        return { role: "admin", who: "local user" };
      },
      open: sessions.open,
      tunnel: createTunnel(app),
      closing: closing.signal,
      log,
    });
    server.on("upgrade", (request, socket, head) => {
      connections.hold(request.socket);
      take(request, socket, head);
    });
  }
  // From this event on Node looks after the time limits of connections; no one else would send it.
  server.emit("listening");
  return {
    take(socket) {
      if (closing.signal.aborted) {
        socket.destroy();
        return;
      }
      connections.add(socket);
      server.emit("connection", socket);
      socket.resume(); // It may have been handed over paused, so that no byte was lost on the way.
    },
    async close() {
      closing.abort();
      await connections.close(closeGraceMs);
      server.close(); // Ends the looking after.
    },
  };
}

async function serve(
  server: Server,
  commands: Commands,
  log: Log,
  closing: AbortSignal,
): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: bodyBytesMax,
    exposeHeadRoutes: false,
    clientErrorHandler: refuseNoHttp,
    serverFactory: (handler) => server.on("request", handler),
  });
  app.removeContentTypeParser("text/plain"); // What a web page's form sends is not even parsed.
  app.addHook("onRequest", async (request, reply) => {
    reply.header(apiHeader, String(apiVersion));
    if (sessionOf(request.raw) === undefined) refuseWebPages(request.raw);
  });
  answerErrors(app, log);
  addRoutes(app, commands, closing);
  await app.ready();
  return app;
}

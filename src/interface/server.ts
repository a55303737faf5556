/**
 * The HTTP server of a node. It never listens: the port tells HTTP from peers by the first bytes and
 * hands sockets over, and so does the node's Unix socket. It stops within a bound, whoever is still
 * connected: a client that follows a log must not keep a node alive.
 */
import { createServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import type { Commands } from "../api/commands.ts";
import { apiHeader, apiVersion, bodyBytesMax, paths } from "../api/paths.ts";
import { silentAudit } from "../core/audit.ts";
import type { Log } from "../core/log.ts";
import { type Access, type Arrival, Gate, type GateOptions } from "./access.ts";
import { auditActs } from "./act-audit.ts";
import { takeUpgrades } from "./attach-upgrade.ts";
import { Connections } from "./connections.ts";
import { answerErrors, answerUnread, refuseNoHttp, refuseRequest } from "./error-answers.ts";
import { checkJson } from "./origin.ts";
import { addProofRoute } from "./proof-route.ts";
import { routeAccess } from "./route-access.ts";
import { addRoutes } from "./routes.ts";
import type { Sessions } from "./sessions.ts";
import { createTunnel, sessionOf } from "./tunnel.ts";

/**
 * How long an idle connection may be reused. Long, since a client that asks again in the very moment
 * in which it is closed cannot know whether it was heard; idle ones cost little and end with the API.
 */
const keepAliveMs = 60_000;
/** All headers of a request. */
const headerBytesMax = 16 * 1024;

export interface ApiOptions {
  /** Time for a request's headers to arrive; default 10,000 ms. Bounds what a slow sender can hold. */
  readonly headersTimeoutMs?: number;
  /** Time for a whole request to arrive; default 30,000 ms. Above what the largest takes on a slow line. */
  readonly requestTimeoutMs?: number;
  /** Time for requests that run to be answered when the API closes; default 2,000 ms. */
  readonly closeGraceMs?: number;
  /** Takes those who attach; default: no one can. */
  readonly sessions?: Pick<Sessions, "open" | "access">;
}

export interface Api {
  /** Serves HTTP on a connected socket; bytes already read must have been unshifted. */
  take(socket: Socket, arrival: Arrival): void;
  /** Ends streams, lets other requests be answered, then cuts every connection. Idempotent. */
  close(): Promise<void>;
}

/** Lets in whom the Unix socket lets in, and no one else. */
const localAlone: GateOptions = {
  tokens: { get: () => undefined, watch: () => () => {} },
  audit: silentAudit,
  hosts: [],
};

export async function createApi(
  commands: Commands,
  log: Log,
  guarded: GateOptions = localAlone,
  {
    headersTimeoutMs = 10_000,
    requestTimeoutMs = 30_000,
    closeGraceMs = 2_000,
    sessions,
  }: ApiOptions = {},
): Promise<Api> {
  const closing = new AbortController();
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.min(headersTimeoutMs, requestTimeoutMs, 5_000),
  });
  const connections = new Connections(server);
  const arrived = { local: new Set<Socket>(), tcp: new Set<Socket>() };
  const gate = new Gate(guarded);
  const app = fastify({
    bodyLimit: bodyBytesMax,
    exposeHeadRoutes: false,
    clientErrorHandler: (error, socket) => refuseNoHttp(error, socket, guarded.audit),
    frameworkErrors: (error, _request, reply) => answerUnread(error, reply),
    serverFactory: (handler) => server.on("request", guard(gate, connections, handler)),
  });
  addHooks(app, gate, (session) => sessions?.access(session));
  auditActs(app, gate, guarded.audit);
  answerErrors(app, log);
  addRoutes(app, commands, gate, closing.signal);
  addProofRoute(app, guarded.tokens);
  await app.ready();
  if (sessions !== undefined) {
    const attach = { gate, audit: guarded.audit, tunnel: createTunnel(app), log };
    const admitted = (socket: Socket) => {
      connections.know(socket);
      connections.hold(socket);
    };
    const { open } = sessions;
    const take = takeUpgrades({ ...attach, admitted, open, closing: closing.signal });
    server.on("upgrade", take);
  }
  // From this event on Node looks after the time limits of connections; no one else would send it.
  server.emit("listening");
  return {
    take(socket, arrival) {
      if (closing.signal.aborted) {
        socket.destroy();
        return;
      }
      gate.arrived(socket, arrival);
      connections.add(socket, arrived[arrival.kind]);
      if (socket.destroyed) return;
      server.emit("connection", socket);
      socket.resume(); // It may have been handed over paused, so that no byte was lost on the way.
    },
    async close() {
      closing.abort();
      gate.close();
      await connections.close(closeGraceMs);
      server.close(); // Ends the looking after.
    },
  };
}

/** Has `handler` see only requests of those who are let in. */
function guard(gate: Gate, connections: Connections, handler: RequestListener): RequestListener {
  return (request, response) => {
    try {
      const isOpen = request.method === "POST" && request.url === paths.proof;
      if (isOpen) gate.admit(request);
      else {
        gate.authorise(request);
        connections.know(request.socket);
      }
      checkJson(request);
    } catch (error) {
      refuseRequest(response, error);
      return;
    }
    handler(request, response);
  };
}

/** Holds every route to the table of what each needs. */
function addHooks(
  app: FastifyInstance,
  gate: Gate,
  accessOf: (session: string) => Access | undefined,
): void {
  app.removeContentTypeParser("text/plain"); // What a web page's form sends is not even parsed.
  app.addHook("onRoute", ({ method, url }) => {
    if (routeAccess.has(`${method} ${url}`)) return;
    throw new Error(`the table of route-access.ts does not say what ${method} ${url} needs`);
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.header(apiHeader, String(apiVersion));
    const session = sessionOf(request.raw);
    const access = session === undefined ? undefined : accessOf(session);
    if (access !== undefined) gate.vouch(request.raw, access);
    const route = routeAccess.get(`${request.method} ${request.routeOptions.url}`);
    if (route !== undefined) gate.require(request.raw, route.needs);
  });
}

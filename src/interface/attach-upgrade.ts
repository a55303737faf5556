/**
 * Takes the HTTP requests that ask for a WebSocket: decides who asks like for any other request, and
 * gives each that is let in a session. `ws` is loaded with the first: a node that no one attaches to
 * does not pay for it.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocketServer } from "ws";
import { attachSubprotocol, clientFrameBytesMax } from "../api/attach-frames.ts";
import type { ErrorEnvelope } from "../api/error-envelope.ts";
import { statusOf } from "../api/error-status.ts";
import { apiHeader, apiVersion, paths } from "../api/paths.ts";
import type { Audit, AuditEvent } from "../core/audit.ts";
import { BadRequest, errorShape, NotFound } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Access, Gate } from "./access.ts";
import { AttachSocket } from "./attach-socket.ts";
import { routeAccess } from "./route-access.ts";
import type { Tunnel } from "./tunnel.ts";

export interface NewSession {
  readonly socket: AttachSocket;
  readonly access: Access;
  /** Notes in the audit log what is done through the session beside requests. */
  readonly audit: (what: string, detail?: string, outcome?: AuditEvent["outcome"]) => void;
  /** Calls `end` once `access` holds no more; returns the undoing. */
  readonly watch: (end: () => void) => () => void;
  readonly tunnel: Tunnel;
  readonly closing: AbortSignal;
}

/** Gives each session an actor; resolves with what it is called. */
export type OpenSession = (session: NewSession) => Promise<void>;

export interface UpgradeOptions {
  readonly gate: Gate;
  readonly audit: Audit;
  /** Told of each connection whose request is let in, before it is a WebSocket. */
  readonly admitted: (socket: Socket) => void;
  readonly open: OpenSession;
  readonly tunnel: Tunnel;
  readonly closing: AbortSignal;
  readonly log: Log;
}

/** For the server's `upgrade` event. */
export function takeUpgrades(
  options: UpgradeOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  let loading: Promise<WebSocketServer> | undefined;
  const load = () => {
    loading ??= createSocketServer();
    return loading;
  };
  return (request, socket, head) => {
    socket.on("error", () => socket.destroy()); // No one else listens until it is a WebSocket.
    upgrade(options, load, request, socket, head).catch((error: unknown) => {
      const shape = errorShape(error);
      if (statusOf(shape.code) === 500) options.log.error("an upgrade failed", { error });
      refuse(socket, shape);
    });
  };
}

async function createSocketServer(): Promise<WebSocketServer> {
  const { WebSocketServer: Server } = await import("ws");
  return new Server({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // It costs hundreds of KB a connection, for frames that are small.
    maxPayload: clientFrameBytesMax,
    handleProtocols: () => attachSubprotocol,
  });
}

async function upgrade(
  { gate, audit, admitted, open, tunnel, closing }: UpgradeOptions,
  load: () => Promise<WebSocketServer>,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  gate.require(request, routeAccess.get(`GET ${paths.attach}`)?.needs ?? "admin");
  const access = gate.authorise(request);
  const path = (request.url ?? "").split("?", 1)[0];
  if (path !== paths.attach) throw new NotFound(`there is no WebSocket at ${path}`);
  checkProtocol(request);
  admitted(request.socket);
  const server = await load();
  server.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.pause(); // Until its actor listens.
    const attached = new AttachSocket(webSocket);
    const { who, how, role } = access;
    const note: NewSession["audit"] = (what, detail, outcome = "done") =>
      audit.record({
        what,
        outcome,
        who,
        how,
        role,
        ...(detail !== undefined && { detail }),
      });
    note("attach");
    const watch = (end: () => void) => gate.watch(access, end);
    open({ socket: attached, access, audit: note, watch, tunnel, closing }).catch(() =>
      webSocket.terminate(),
    );
  });
}

/** @throws BadRequest for a client of another version */
function checkProtocol({ headers }: IncomingMessage): void {
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (offered.includes(attachSubprotocol)) return;
  throw new BadRequest(
    `this node speaks ${attachSubprotocol}, and the client does not: bring both to one version`,
  );
}

/** There is no response object for an upgrade: the answer is written by hand, and nothing more is heard. */
function refuse(socket: Duplex, error: ErrorEnvelope["error"]): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify({ error } satisfies ErrorEnvelope);
  socket.end(
    `HTTP/1.1 ${statusOf(error.code)} Refused\r\nconnection: close\r\n` +
      `${apiHeader}: ${apiVersion}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(), // Its end is not waited for: whoever keeps it open has been answered.
  );
}

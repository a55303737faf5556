/**
 * TLS as the port speaks it: version 1.3 alone, a certificate asked of everyone, and by ALPN either a
 * peer or HTTP. No authority signs the certificates; all that counts in one is its key, which is who
 * the other side is. A session is taken up again where there is one: that spares both ends the costly
 * part, and the keying material is new all the same.
 */
import type { Socket } from "node:net";
import {
  connect,
  createSecureContext,
  createServer,
  type SecureContextOptions,
  type TLSSocket,
} from "node:tls";
import { parseAddress } from "../core/address.ts";
import type { NodeId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { type NodeKey, nodeIdOf } from "../trust/node-key.ts";
import { httpProtocol, joinProtocol, peerProtocol } from "../wire/preface.ts";

/** What a proof is bound to: see trust/proof. */
const exporterLabel = "EXPORTER-mob-network-key";
const keyingMaterialBytes = 32;

/** An established session with one that has shown a key. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly peer: NodeId;
  readonly keyingMaterial: Uint8Array;
}

export interface TlsHandlers {
  readonly peer: (secured: Secured) => void;
  readonly http: (socket: TLSSocket) => void;
  readonly join: (socket: TLSSocket, from: NodeId) => void;
}

function contextOptions({ privateKey, certificate }: NodeKey): SecureContextOptions {
  return { key: privateKey, cert: certificate, minVersion: "TLSv1.3", maxVersion: "TLSv1.3" };
}

/**
 * Takes sockets on which the other side has begun to speak TLS, their bytes still to be read. What
 * does not come to an agreement within `timeoutMs` is closed.
 */
export function tlsAcceptor(
  key: NodeKey,
  timeoutMs: number,
  log: Log,
  handlers: TlsHandlers,
): (socket: Socket) => void {
  const server = createServer({
    ...contextOptions(key),
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: [peerProtocol, httpProtocol, joinProtocol],
    handshakeTimeout: timeoutMs,
    sessionIdContext: peerProtocol, // Without it no session of a client with a certificate is resumed.
  });
  server.on("tlsClientError", (error, socket) => {
    log.debug("closed a connection: no TLS came about", { from: socket.remoteAddress, error });
    socket.destroy();
  });
  server.on("secureConnection", (socket) => {
    const shown = socket.getPeerX509Certificate();
    // Who names no protocol, as not all HTTP clients do, speaks HTTP: what TLS is mostly used for.
    const { alpnProtocol: spoken } = socket;
    if (spoken !== peerProtocol && spoken !== joinProtocol) handlers.http(socket);
    else if (shown === undefined) socket.destroy();
    else if (spoken === joinProtocol) handlers.join(socket, nodeIdOf(shown.publicKey));
    else handlers.peer(secured(socket, nodeIdOf(shown.publicKey)));
  });
  return (socket) => {
    socket.allowHalfOpen = false; // Who ends in the midst of a handshake is not waited for.
    server.emit("connection", socket);
  };
}

function secured(socket: TLSSocket, peer: NodeId): Secured {
  const nothing = Buffer.alloc(0);
  const keyingMaterial = socket.exportKeyingMaterial(keyingMaterialBytes, exporterLabel, nothing);
  return { socket, peer, keyingMaterial };
}

/** What is kept of an earlier session with whoever listens at an address. */
interface Resumable {
  readonly session: Buffer;
  readonly peer: NodeId;
}

/** Addresses whose last session is kept: as many as a large network has nodes. */
const sessionsMax = 1_000;

/**
 * Dials peers. Resolves when the session is there; rejects with Node's own error, or one that says
 * that it is no peer.
 */
export function tlsDialer(key: NodeKey, timeoutMs: number): (address: string) => Promise<Secured> {
  const secureContext = createSecureContext(contextOptions(key));
  const sessions = new Map<string, Resumable>();
  return (address) => {
    const { host, port } = parseAddress(address);
    const before = sessions.get(address);
    sessions.delete(address); // A ticket serves once, and one that is refused not again.
    const socket = connect({
      host,
      port,
      secureContext,
      rejectUnauthorized: false,
      ALPNProtocols: [peerProtocol],
      ...(before !== undefined && { session: before.session }),
    });
    return established(socket, timeoutMs)
      .then(() => {
        const peer = peerOf(socket, before);
        socket.on("session", (session) => keep(sessions, address, { session, peer }));
        return secured(socket, peer);
      })
      .catch((error: unknown) => {
        socket.destroy();
        throw error;
      });
  };
}

function established(socket: TLSSocket, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
    socket.on("error", reject); // Stays: a late error of a given-up dial must find a listener.
    socket.on("close", () => reject(new Error("the connection was closed")));
    socket.once("secureConnect", () => {
      socket.setTimeout(0);
      resolve();
    });
  });
}

/** In a session that is taken up again no certificate is shown: its peer is who it was before. */
function peerOf(socket: TLSSocket, before: Resumable | undefined): NodeId {
  const shown = socket.getPeerX509Certificate();
  if (shown !== undefined) return nodeIdOf(shown.publicKey);
  if (before !== undefined && socket.isSessionReused()) return before.peer;
  throw new Error("it has shown no certificate");
}

function keep(sessions: Map<string, Resumable>, address: string, resumable: Resumable): void {
  sessions.delete(address);
  sessions.set(address, resumable);
  const [oldest] = sessions.keys();
  if (oldest !== undefined && sessions.size > sessionsMax) sessions.delete(oldest);
}

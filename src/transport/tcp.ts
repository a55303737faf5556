/**
 * The transport of a real node: TCP, one port for peers and HTTP. The first bytes of a connection, and
 * within TLS its ALPN, say which it is; what says neither, or nothing for too long, is closed.
 */
import { createServer, type Server, type Socket } from "node:net";
import { formatAddress, parseAddress } from "../core/address.ts";
import { Unavailable, Unreachable } from "../core/errors.ts";
import { type Log, silentLog } from "../core/log.ts";
import type { NodeKey } from "../trust/node-key.ts";
import { queueBytesMax as queueBytesMaxDefault } from "../wire/lanes.ts";
import { serveJoin, type TakeJoin } from "./join-exchange.ts";
import { tlsAcceptor, tlsDialer } from "./peer-tls.ts";
import { sniffSocket } from "./sniff-socket.ts";
import { Strangers, type StrangersOptions } from "./strangers.ts";
import { acceptedConnection, addressOf, dialedConnection } from "./tcp-connection.ts";
import { DialRefused, type Listener, type Transport } from "./transport.ts";

export interface TcpOptions {
  /** Of this node: who it is to those that it talks with. */
  readonly key: NodeKey;
  /**
   * Unsent bytes of a connection before `send` refuses; default 16 MiB. More rides out a slower peer, and costs memory for each of them.
   */
  readonly queueBytesMax?: number;
  /** How long a dial may take; default 3,000. */
  readonly dialTimeoutMs?: number;
  /** How long a connection may take to say what it is, and again to set up TLS; default 10,000. */
  readonly sniffTimeoutMs?: number;
  /** Connections of which it is not known yet whose they are. */
  readonly strangers?: StrangersOptions;
  readonly log?: Log;
}

export interface TcpTransport extends Transport {
  /**
   * Hands HTTP connections to `take` from now on, with every byte still to be read: reading begins
   * when it returns, as `server.emit("connection", socket)` needs it. Undefined, as at first: they are
   * closed.
   */
  serveHttp(take: TakeHttp | undefined): void;
  /** Has `take` answer those that bring a join token. Undefined, as at first: they are closed. */
  serveJoins(take: TakeJoin | undefined): void;
}

/** `secure`: whether it came over TLS. */
export type TakeHttp = (socket: Socket, how: { readonly secure: boolean }) => void;

export function createTcpTransport(options: TcpOptions): TcpTransport {
  const {
    key,
    queueBytesMax = queueBytesMaxDefault,
    dialTimeoutMs = 3_000,
    sniffTimeoutMs = 10_000,
    log = silentLog,
    strangers: strangersOptions,
  } = options;
  let takeHttp: TakeHttp | undefined;
  let takeJoin: TakeJoin | undefined;
  const dial = tlsDialer(key, dialTimeoutMs);

  function serve(socket: Socket, secure: boolean): void {
    if (takeHttp === undefined) socket.destroy();
    else takeHttp(socket, { secure });
    socket.resume();
  }

  return {
    serveHttp(take) {
      takeHttp = take;
    },
    serveJoins(take) {
      takeJoin = take;
    },
    listen(address, onConnection) {
      const strangers = new Strangers(strangersOptions);
      const takeTls = tlsAcceptor(key, sniffTimeoutMs, log, {
        peer(secured) {
          strangers.handOver(secured.socket);
          onConnection(
            acceptedConnection(secured, queueBytesMax, () => strangers.remove(secured.socket)),
          );
        },
        http(socket) {
          strangers.remove(socket);
          serve(socket, true);
        },
        join(socket, node) {
          strangers.remove(socket);
          if (takeJoin === undefined) socket.destroy();
          else serveJoin(socket, { remoteAddress: addressOf(socket), node }, takeJoin);
        },
      });
      return listenAt(address, strangers, (socket) => {
        strangers.add(socket);
        sniffSocket(socket, sniffTimeoutMs, (speaker) => {
          if (speaker === "tls") {
            takeTls(socket);
          } else if (speaker === "http") {
            strangers.remove(socket);
            serve(socket, false);
          } else {
            log.debug("closed a connection", { from: socket.remoteAddress, speaker });
            socket.destroy();
          }
        });
      });
    },
    dial: async (address) => {
      try {
        return dialedConnection(await dial(address), queueBytesMax);
      } catch (cause) {
        throw dialError(address, cause);
      }
    },
  };
}

function listenAt(
  address: string,
  strangers: Strangers,
  take: (socket: Socket) => void,
): Promise<Listener> {
  const { host, port } = parseAddress(address);
  // An HTTP client may end its side and still wait for the answer.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, take);
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const isTaken = "code" in cause && cause.code === "EADDRINUSE";
      const why = isTaken ? "the port is in use, by a node or another program" : cause.message;
      reject(new Unavailable(`cannot listen on ${address}: ${why}`, { cause }));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners("error");
      server.on("error", () => {}); // A connection that could not be accepted: the next may be.
      resolve({ address: formatAddress({ host, port: portOf(server, port) }), close });
    });
  });

  async function close(): Promise<void> {
    server.close(); // The port is free from here on. Connections that were made live on.
    strangers.close();
  }
}

function portOf(server: Server, asked: number): number {
  const bound = server.address();
  return bound !== null && typeof bound === "object" ? bound.port : asked;
}

function dialError(address: string, cause: unknown): Unreachable {
  const why = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ECONNREFUSED") {
    return new DialRefused(`nobody answers at ${address}: ${why}`, { cause });
  }
  if (/SSL|EPROTO/.test(code)) {
    const what = "is no node, or one of another version: they come to no agreement on TLS";
    return new Unreachable(`what answers at ${address} ${what}`, { cause });
  }
  return new Unreachable(`nobody answers at ${address}: ${why}`, { cause });
}

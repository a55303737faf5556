/**
 * The transport of a real node: TCP, one port for peers and HTTP. The first bytes of a connection say
 * which it is; what says neither, or nothing for too long, is closed.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import { formatAddress, parseAddress } from "../core/address.ts";
import { Unavailable, Unreachable } from "../core/errors.ts";
import { type Log, silentLog } from "../core/log.ts";
import { peerPreface } from "../wire/preface.ts";
import { sniffSocket } from "./sniff-socket.ts";
import { tcpConnection } from "./tcp-connection.ts";
import { type Connection, DialRefused, type Listener, type Transport } from "./transport.ts";

export interface TcpOptions {
  /**
   * Unsent bytes of a connection before `send` refuses; default 16 MiB, four of the largest frames.
   * More rides out a slower peer, and costs memory for each of them.
   */
  readonly queueBytesMax?: number;
  /** How long a dial may take; default 3,000. */
  readonly dialTimeoutMs?: number;
  /** How long a connection may take to say what it is; default 10,000. */
  readonly sniffTimeoutMs?: number;
  readonly log?: Log;
}

export interface TcpTransport extends Transport {
  /**
   * Hands HTTP connections to `take` from now on, with every byte still to be read: reading begins
   * when it returns, as `server.emit("connection", socket)` needs it. Undefined, as at first: they are
   * closed.
   */
  serveHttp(take: ((socket: Socket) => void) | undefined): void;
}

export function createTcpTransport(options: TcpOptions = {}): TcpTransport {
  const {
    queueBytesMax = 16 * 1024 * 1024,
    dialTimeoutMs = 3_000,
    sniffTimeoutMs = 10_000,
    log = silentLog,
  } = options;
  let takeHttp: ((socket: Socket) => void) | undefined;

  return {
    serveHttp(take) {
      takeHttp = take;
    },
    listen(address, onConnection) {
      const sniffing = new Set<Socket>();
      return listenAt(address, sniffing, (socket) => {
        sniffing.add(socket);
        socket.once("close", () => sniffing.delete(socket));
        sniffSocket(socket, sniffTimeoutMs, (speaker, early) => {
          sniffing.delete(socket);
          if (speaker === "peer") {
            onConnection(tcpConnection(socket, queueBytesMax, early));
          } else if (speaker === "http" && takeHttp !== undefined) {
            takeHttp(socket);
            socket.resume();
          } else {
            log.debug("closed a connection", { from: socket.remoteAddress, speaker });
            socket.destroy();
          }
        });
      });
    },
    dial: (address) => dialTo(address, dialTimeoutMs, queueBytesMax),
  };
}

function listenAt(
  address: string,
  sniffing: ReadonlySet<Socket>,
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
    for (const socket of sniffing) socket.destroy();
  }
}

function portOf(server: Server, asked: number): number {
  const bound = server.address();
  return bound !== null && typeof bound === "object" ? bound.port : asked;
}

async function dialTo(
  address: string,
  timeoutMs: number,
  queueBytesMax: number,
): Promise<Connection> {
  const { host, port } = parseAddress(address);
  const socket = connect({ host, port });
  try {
    await connected(socket, timeoutMs);
  } catch (cause) {
    socket.destroy();
    throw dialError(address, cause);
  }
  socket.write(peerPreface);
  return tcpConnection(socket, queueBytesMax);
}

function connected(socket: Socket, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
    socket.on("error", reject); // Stays: a late error of a given-up dial must find a listener.
    socket.once("connect", () => {
      socket.setTimeout(0);
      resolve();
    });
  });
}

function dialError(address: string, cause: unknown): Unreachable {
  const why = cause instanceof Error ? cause.message : String(cause);
  const isRefused = cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
  const Kind = isRefused ? DialRefused : Unreachable;
  return new Kind(`nobody answers at ${address}: ${why}`, { cause });
}

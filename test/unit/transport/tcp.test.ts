import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer as createHttpServer, request } from "node:http";
import { request as requestTls } from "node:https";
import { connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { parseAddress } from "../../../src/core/address.ts";
import { frameBytesMax } from "../../../src/core/limits.ts";
import { createTcpTransport, type TcpOptions } from "../../../src/transport/tcp.ts";
import type { Connection } from "../../../src/transport/transport.ts";
import { createNodeKey } from "../../../src/trust/node-key.ts";
import { FrameTooLarge } from "../../../src/wire/errors.ts";
import { frameHeader } from "../../../src/wire/framing.ts";
import { queueBytesMaxUnderTest, transportSuite } from "../../conformance/transport-suite.ts";
import { eventually } from "../../support/eventually.ts";
import { openTls } from "../../support/raw-peer.ts";

const key = await createNodeKey();
const strangerKey = await createNodeKey();

transportSuite("tcp", () => ({
  transport: createTcpTransport({ key, queueBytesMax: queueBytesMaxUnderTest }),
  node: key.id,
  anyAddress: "127.0.0.1:0",
}));

/** proc_net_tcp(5): of each socket its addresses, state and the timer that is active. */
const tcpTable = "/proc/net/tcp";
const established = "01";
const keepAliveTimer = "02";

/** Of the connections at one of whose ends that port is. */
function timersOf(port: number): readonly (string | undefined)[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync(tcpTable, "utf8").trim().split("\n").slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(
      ([, own, other, state]) =>
        state === established && (own?.endsWith(suffix) || other?.endsWith(suffix)),
    )
    .map((columns) => columns[5]?.slice(0, 2));
}

/** A listening transport, and sockets to it as any program could open them. */
async function listening(
  t: TestContext,
  options: Omit<TcpOptions, "key"> = {},
  address = "127.0.0.1:0",
) {
  const transport = createTcpTransport({ key, ...options });
  const peers: Connection[] = [];
  const listener = await transport.listen(address, (connection) => peers.push(connection));
  t.after(() => listener.close());
  const { host, port } = parseAddress(listener.address);
  const open = async () => {
    const socket = connect({ host, port, allowHalfOpen: true });
    t.after(() => socket.destroy());
    socket.on("error", () => {});
    await new Promise((done) => socket.once("connect", done));
    return socket;
  };
  /** A socket on which TLS is spoken, as by a peer. */
  const openPeer = async (protocol?: string) => {
    const socket = await openTls(port, strangerKey, protocol);
    t.after(() => socket.destroy());
    return socket;
  };
  return { transport, listener, peers, open, openPeer, host, port };
}

async function ends(socket: Socket): Promise<void> {
  if (socket.closed || socket.readableEnded) return;
  socket.resume();
  await new Promise((closed) => {
    socket.once("close", closed);
    socket.once("end", () => socket.destroy());
  });
}

/** Writes byte by byte, each in a packet of its own. */
async function drip(socket: Socket, bytes: Uint8Array): Promise<void> {
  socket.setNoDelay(true);
  for (const byte of bytes) {
    await new Promise((done) => socket.write(Uint8Array.of(byte), done));
    await new Promise((turn) => setImmediate(turn));
  }
}

test("a peer whose frames come byte by byte is understood", async (t) => {
  const { peers, openPeer } = await listening(t);
  const socket = await openPeer();
  await drip(socket, Buffer.concat([frameHeader(3), Uint8Array.of(1, 2, 3)]));
  const peer = await eventually(() => peers[0], "a peer connection");
  const frames: Uint8Array[] = [];
  peer.onFrame((frame) => frames.push(frame));
  await eventually(() => frames.length === 1, "the frame");
  assert.deepEqual([...(frames[0] ?? [])], [1, 2, 3]);
});

test("a TLS hello that comes byte by byte, and in it a peer, is understood", async (t) => {
  const { peers, host, port } = await listening(t);
  const slow = createServer((client) => {
    const node = connect({ host, port });
    t.after(() => node.destroy());
    node.on("error", () => {}).pipe(client.on("error", () => {}));
    let dripped = Promise.resolve();
    client.on("data", (chunk) => {
      dripped = dripped.then(() => drip(node, chunk));
    });
  });
  t.after(() => slow.close());
  await new Promise<void>((done) => slow.listen(0, "127.0.0.1", done));
  const at = slow.address();
  assert.ok(typeof at === "object" && at !== null);
  const socket = await openTls(at.port, strangerKey);
  t.after(() => socket.destroy());
  const peer = await eventually(() => peers[0], "a peer connection");
  assert.equal(peer.peer, strangerKey.id);
});

test("an HTTP server behind the port answers requests of any size, in plain and over TLS, and is told which", async (t) => {
  const { transport, host, port } = await listening(t);
  const secure = new WeakSet<Socket>();
  const server = createHttpServer(async (incoming, response) => {
    let bytes = 0;
    for await (const chunk of incoming) bytes += chunk.length;
    response.end(`${secure.has(incoming.socket) ? "secure" : "plain"} ${incoming.url} ${bytes}`);
  });
  t.after(() => server.closeAllConnections());
  transport.serveHttp((socket, how) => {
    if (how.secure) secure.add(socket);
    server.emit("connection", socket);
  });
  const ask = (with_: typeof request, body: Buffer) =>
    new Promise<string>((resolve, reject) => {
      const options = { host, port, method: "POST", path: "/x", rejectUnauthorized: false };
      const asking = with_(options, async (response) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve(text);
      });
      asking.on("error", reject);
      asking.end(body);
    });
  for (const size of [0, 1, 100_000, 3_000_000]) {
    assert.equal(await ask(request, Buffer.alloc(size)), `plain /x ${size}`);
    assert.equal(await ask(requestTls, Buffer.alloc(size)), `secure /x ${size}`);
  }
});

test("an HTTP request that comes byte by byte, its sender's side closed after it, is answered", async (t) => {
  const { transport, open } = await listening(t);
  const server = createHttpServer((incoming, response) => response.end(`got ${incoming.url}`));
  transport.serveHttp((socket) => server.emit("connection", socket));
  const socket = await open();
  await drip(socket, Buffer.from("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  socket.end();
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  assert.match(answer, /^HTTP\/1.1 200 OK.*got \/slow/s);
});

test("HTTP without anyone to serve it, and anything else, is closed", async (t) => {
  const { peers, open } = await listening(t);
  for (const start of ["GET / HTTP/1.1\r\n", "hello", "MOB/1\n", "\0", "SSH-2.0-x\r\n"]) {
    const socket = await open();
    socket.write(start);
    await ends(socket);
  }
  assert.deepEqual(peers, []);
});

test("over TLS 1.3 alone, with a protocol that is spoken here, and a peer with a certificate", async (t) => {
  const { peers, port, openPeer } = await listening(t);
  await assert.rejects(openPeer("mob/2"));
  const old = connectTls({
    port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    maxVersion: "TLSv1.2",
    ALPNProtocols: ["mob/1"],
  });
  await assert.rejects(new Promise((_, fail) => old.once("error", fail)));
  const nameless = await openTls(port).catch(() => undefined);
  if (nameless !== undefined) await ends(nameless);
  assert.deepEqual(peers, []);
});

test("a session is taken up again, with the same peer and new keying material", async (t) => {
  const { transport, listener, peers } = await listening(t);
  const seen: string[] = [];
  for (let n = 1; n <= 3; n++) {
    const dialed = await transport.dial(listener.address);
    const accepted = await eventually(() => peers[n - 1], "the other end");
    assert.equal(dialed.peer, key.id);
    assert.equal(accepted.peer, key.id);
    seen.push(Buffer.from(dialed.keyingMaterial).toString("hex"));
    assert.equal(Buffer.from(accepted.keyingMaterial).toString("hex"), seen.at(-1));
    const frames: Uint8Array[] = [];
    dialed.onFrame((frame) => frames.push(frame));
    accepted.send(Uint8Array.of(1)); // The ticket comes before it.
    await eventually(() => frames.length === 1, "a frame");
    dialed.close();
  }
  assert.equal(new Set(seen).size, 3);
});

test("a silent connection is closed, and so is one that drips, or stops in the middle of TLS", async (t) => {
  const { open } = await listening(t, { sniffTimeoutMs: 50 });
  const [silent, dripping, halfway] = [await open(), await open(), await open()];
  dripping.write("GE");
  halfway.write(Uint8Array.of(0x16, 3, 1, 1, 0));
  await Promise.all([ends(silent), ends(dripping), ends(halfway)]);
});

test("a peer is not closed for silence once TLS is there", async (t) => {
  const { peers, open, openPeer } = await listening(t, { sniffTimeoutMs: 200 });
  const socket = await openPeer();
  await ends(await open()); // Opened later: the other's time is up too.
  const peer = await eventually(() => peers[0], "a peer connection");
  const frames: Uint8Array[] = [];
  peer.onFrame((frame) => frames.push(frame));
  socket.write(frameHeader(0));
  await eventually(() => frames.length === 1, "a frame after the silence");
});

const skipKeptUp = existsSync(tcpTable) ? false : `the system has no ${tcpTable}`;

test("a connection that carries nothing is kept up by the system, at both ends", {
  skip: skipKeptUp,
}, async (t) => {
  const { transport, listener, peers, port } = await listening(t);
  const dialed = await transport.dial(listener.address);
  t.after(() => dialed.close());
  await eventually(() => peers.length === 1, "the connection");
  await eventually(() => {
    const timers = timersOf(port);
    return timers.length === 2 && timers.every((timer) => timer === keepAliveTimer);
  }, "the timers of both ends");
});

test("a frame that claims more than the limit closes the connection and says why", async (t) => {
  const { peers, openPeer } = await listening(t);
  const socket = await openPeer();
  socket.write(frameHeader(frameBytesMax + 1));
  const peer = await eventually(() => peers[0], "a peer connection");
  const error = await new Promise((told) => {
    peer.onFrame(() => {});
    peer.onClose(told);
  });
  assert.ok(error instanceof FrameTooLarge);
  await ends(socket);
});

test("a peer that never reads fills its own queue alone, and close still ends it", async (t) => {
  const { peers, openPeer } = await listening(t, { queueBytesMax: 1024 * 1024 });
  const deaf = await openPeer();
  deaf.pause();
  const toDeaf = await eventually(() => peers[0], "the deaf peer");
  await openPeer();
  const toOther = await eventually(() => peers[1], "the other peer");
  const frame = new Uint8Array(100_000);
  await eventually(async () => {
    await new Promise((turn) => setImmediate(turn));
    return !toDeaf.send(frame);
  }, "the kernel's buffers and the queue are full");
  assert.ok(toOther.send(frame));
  let closed = false;
  toDeaf.onClose(() => {
    closed = true;
  });
  toDeaf.close();
  await eventually(() => closed, "the connection to the deaf peer is gone");
});

test("large frames that are answered one by one find room where those unanswered do, and one more", async (t) => {
  const unanswered = 8;
  const large = Buffer.alloc(1024 * 1024, 1);
  const { transport, peers, listener } = await listening(t, { queueBytesMax: 9.5 * large.length });
  const dialed = await transport.dial(listener.address);
  t.after(() => dialed.close());
  const accepted = await eventually(() => peers[0], "the peer");
  accepted.admit();
  accepted.onFrame(() => accepted.send(Uint8Array.of(1)));
  let left = 100;
  let shed = 0;
  await new Promise<void>((answered) => {
    let open = 0;
    const send = () => {
      left -= 1;
      open += 1;
      if (!dialed.send(large)) shed += 1;
    };
    dialed.onFrame(() => {
      open -= 1;
      if (left > 0 && shed === 0) send();
      else if (open === 0 || shed > 0) answered();
    });
    for (let i = 0; i < unanswered; i++) send();
  });
  assert.equal(shed, 0);
});

test("a peer that dies is told as an end of its connection", async (t) => {
  const { peers, openPeer } = await listening(t);
  const socket = await openPeer();
  const peer = await eventually(() => peers[0], "a peer connection");
  let closes = 0;
  peer.onFrame(() => {});
  peer.onClose(() => {
    closes += 1;
  });
  socket.destroy();
  await eventually(() => closes === 1, "the end");
});

test("IPv6 addresses are listened on and dialed", async (t) => {
  const { transport, listener, peers } = await listening(t, {}, "[::1]:0");
  assert.match(listener.address, /^\[::1\]:\d+$/);
  const dialed = await transport.dial(listener.address);
  t.after(() => dialed.close());
  assert.match(dialed.remoteAddress, /^\[::1\]:\d+$/);
  await eventually(() => peers[0], "a peer connection");
});

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { parseAddress } from "../../../src/core/address.ts";
import { frameBytesMax } from "../../../src/core/limits.ts";
import { createTcpTransport, type TcpOptions } from "../../../src/transport/tcp.ts";
import type { Connection } from "../../../src/transport/transport.ts";
import { FrameTooLarge } from "../../../src/wire/errors.ts";
import { frameHeader } from "../../../src/wire/framing.ts";
import { peerPreface } from "../../../src/wire/preface.ts";
import { queueBytesMaxUnderTest, transportSuite } from "../../conformance/transport-suite.ts";
import { eventually } from "../../support/eventually.ts";

transportSuite("tcp", () => ({
  transport: createTcpTransport({ queueBytesMax: queueBytesMaxUnderTest }),
  anyAddress: "127.0.0.1:0",
}));

/** A listening transport, and sockets to it as any program could open them. */
async function listening(t: TestContext, options: TcpOptions = {}, address = "127.0.0.1:0") {
  const transport = createTcpTransport(options);
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
  return { transport, listener, peers, open, host, port };
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

test("a peer whose preface and frames come byte by byte is understood", async (t) => {
  const { peers, open } = await listening(t);
  const socket = await open();
  await drip(socket, Buffer.concat([peerPreface, frameHeader(3), Uint8Array.of(1, 2, 3)]));
  const peer = await eventually(() => peers[0], "a peer connection");
  const frames: Uint8Array[] = [];
  peer.onFrame((frame) => frames.push(frame));
  await eventually(() => frames.length === 1, "the frame");
  assert.deepEqual([...(frames[0] ?? [])], [1, 2, 3]);
});

test("frames that come in one packet with the preface are not lost", async (t) => {
  const { peers, open } = await listening(t);
  const socket = await open();
  socket.write(Buffer.concat([peerPreface, frameHeader(1), Uint8Array.of(9), frameHeader(0)]));
  const peer = await eventually(() => peers[0], "a peer connection");
  const frames: Uint8Array[] = [];
  peer.onFrame((frame) => frames.push(frame));
  await eventually(() => frames.length === 2, "both frames");
});

test("an HTTP server behind the port answers requests with bodies, kept alive, of any size", async (t) => {
  const { transport, host, port } = await listening(t);
  const server = createServer(async (incoming, response) => {
    let bytes = 0;
    for await (const chunk of incoming) bytes += chunk.length;
    response.end(`${incoming.method} ${incoming.url} ${bytes}`);
  });
  t.after(() => server.closeAllConnections());
  transport.serveHttp((socket) => server.emit("connection", socket));
  const ask = (body: Buffer) =>
    new Promise<string>((resolve, reject) => {
      const asking = request({ host, port, method: "POST", path: "/x" }, async (response) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve(text);
      });
      asking.on("error", reject);
      asking.end(body);
    });
  for (const size of [0, 1, 100_000, 3_000_000]) {
    assert.equal(await ask(Buffer.alloc(size)), `POST /x ${size}`);
  }
});

test("an HTTP request that comes byte by byte, its sender's side closed after it, is answered", async (t) => {
  const { transport, open } = await listening(t);
  const server = createServer((incoming, response) => response.end(`got ${incoming.url}`));
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
  for (const start of ["GET / HTTP/1.1\r\n", "hello", "MOB/2\n", "\0", "SSH-2.0-x\r\n"]) {
    const socket = await open();
    socket.write(start);
    await ends(socket);
  }
  assert.deepEqual(peers, []);
});

test("a silent connection is closed, and so is one that drips without saying anything", async (t) => {
  const { open } = await listening(t, { sniffTimeoutMs: 50 });
  const [silent, dripping] = [await open(), await open()];
  dripping.write("MOB");
  await Promise.all([ends(silent), ends(dripping)]);
});

test("a peer that says what it is is not closed for silence after that", async (t) => {
  const { peers, open } = await listening(t, { sniffTimeoutMs: 50 });
  const [peerSocket, silent] = [await open(), await open()];
  peerSocket.write(peerPreface);
  await ends(silent); // Opened later: the other's time is up too.
  const peer = await eventually(() => peers[0], "a peer connection");
  const frames: Uint8Array[] = [];
  peer.onFrame((frame) => frames.push(frame));
  peerSocket.write(frameHeader(0));
  await eventually(() => frames.length === 1, "a frame after the silence");
});

test("a frame that claims more than the limit closes the connection and says why", async (t) => {
  const { peers, open } = await listening(t);
  const socket = await open();
  socket.write(Buffer.concat([peerPreface, frameHeader(frameBytesMax + 1)]));
  const peer = await eventually(() => peers[0], "a peer connection");
  const error = await new Promise((told) => {
    peer.onFrame(() => {});
    peer.onClose(told);
  });
  assert.ok(error instanceof FrameTooLarge);
  await ends(socket);
});

test("a peer that never reads fills its own queue alone, and close still ends it", async (t) => {
  const { peers, open } = await listening(t, { queueBytesMax: 1024 * 1024 });
  const [deaf, other] = [await open(), await open()];
  deaf.pause();
  deaf.write(peerPreface);
  const toDeaf = await eventually(() => peers[0], "the deaf peer");
  other.write(peerPreface);
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

test("a peer that dies is told as an end of its connection", async (t) => {
  const { peers, open } = await listening(t);
  const socket = await open();
  socket.write(peerPreface);
  const peer = await eventually(() => peers[0], "a peer connection");
  let closes = 0;
  peer.onFrame(() => {});
  peer.onClose(() => {
    closes += 1;
  });
  socket.resetAndDestroy();
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

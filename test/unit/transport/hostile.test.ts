/**
 * Strangers at a listening port: noise, silence in numbers and a peer that never reads. The port goes on
 * serving, and what it holds for them is bounded.
 */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { parseAddress } from "../../../src/core/address.ts";
import { strangerFrameBytesMax } from "../../../src/core/limits.ts";
import { createTcpTransport } from "../../../src/transport/tcp.ts";
import type { Connection } from "../../../src/transport/transport.ts";
import { createNodeKey } from "../../../src/trust/node-key.ts";
import { frameHeader } from "../../../src/wire/framing.ts";
import { eventually } from "../../support/eventually.ts";
import { fuzzRuns } from "../../support/fuzz-runs.ts";
import { openTls } from "../../support/raw-peer.ts";

const key = await createNodeKey();
const strangersKey = await createNodeKey();

async function listening(t: TestContext) {
  const transport = createTcpTransport({ key, strangers: { perSourceMax: 50, totalMax: 50 } });
  const peers: Connection[] = [];
  const listener = await transport.listen("127.0.0.1:0", (peer) => {
    peers.push(peer);
    peer.onFrame(() => {});
  });
  t.after(() => listener.close());
  const { host, port } = parseAddress(listener.address);
  const open = async (): Promise<Socket> => {
    const socket = connect({ host, port });
    t.after(() => socket.destroy());
    socket.on("error", () => {}).resume();
    await new Promise((there) => socket.once("connect", there).once("close", there));
    return socket;
  };
  const serves = async () => {
    const dialed = await transport.dial(listener.address);
    assert.equal(dialed.peer, key.id);
    dialed.close();
  };
  return { peers, port, open, serves };
}

test("any bytes at the port end their connection at most, and it goes on serving", async (t) => {
  const { open, serves } = await listening(t);
  const starts = fc.constantFrom(
    "",
    "GET / HTTP/1.1\r\n",
    "\x16\x03\x01\x02\x00\x01",
    "\x16",
    "MOB/1\n",
  );
  await fc.assert(
    fc.asyncProperty(starts, fc.uint8Array({ maxLength: 600 }), async (start, rest) => {
      const socket = await open();
      socket.end(Buffer.concat([Buffer.from(start, "latin1"), rest]));
      await eventually(() => socket.closed, "the end of the connection");
    }),
    { numRuns: Math.ceil(fuzzRuns(3_000) / 20) },
  );
  await serves();
});

test("any bytes within TLS end their connection, and it goes on serving", async (t) => {
  const { port, serves } = await listening(t);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 100 }), async (bytes) => {
      const socket = await openTls(port, strangersKey);
      t.after(() => socket.destroy());
      socket.write(Buffer.concat([frameHeader(0xffffffff), bytes]));
      socket.resume();
      await eventually(() => socket.closed, "the end of the connection");
    }),
    { numRuns: Math.ceil(fuzzRuns(2_000) / 100) },
  );
  await serves();
});

test("a stranger's frame is cut off above a hello's size, and one who is let in may send large ones", async (t) => {
  const { peers, port } = await listening(t);
  const header = frameHeader(strangerFrameBytesMax + 1);
  const stranger = await openTls(port, strangersKey);
  stranger.write(header);
  await eventually(() => stranger.closed, "the end of the stranger's connection");

  const admitted = await openTls(port, strangersKey);
  t.after(() => admitted.destroy());
  const peer = await eventually(() => peers[1], "the peer");
  const frames: number[] = [];
  peer.onFrame(({ length }) => frames.push(length));
  peer.admit();
  admitted.write(Buffer.concat([header, new Uint8Array(strangerFrameBytesMax + 1)]));
  await eventually(() => frames.length > 0, "the frame");
  assert.deepEqual(frames, [strangerFrameBytesMax + 1]);
});

test("silent connections in any number hold no more than their share, and others are served", async (t) => {
  const { open, serves } = await listening(t);
  const silent: Socket[] = [];
  for (let n = 0; n < 1_000; n++) silent.push(await open());
  await eventually(
    () => silent.filter(({ closed }) => !closed).length <= 50,
    "the end of most of them",
  );
  await serves();
});

test("who is let in is not counted among the silent", async (t) => {
  const { peers, port, open } = await listening(t);
  const socket = await openTls(port, strangersKey);
  t.after(() => socket.destroy());
  const peer = await eventually(() => peers[0], "the peer");
  peer.admit();
  const silent: Socket[] = [];
  for (let n = 0; n < 60; n++) silent.push(await open());
  await eventually(() => silent[0]?.closed, "the end of the first silent one");
  assert.ok(peer.isOpen && !socket.closed);
});

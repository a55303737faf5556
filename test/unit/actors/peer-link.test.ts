import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Links } from "../../../src/actors/links.ts";
import { PeerLink } from "../../../src/actors/peer-link.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { createTcpTransport } from "../../../src/transport/tcp.ts";
import type { Connection } from "../../../src/transport/transport.ts";
import { createNodeKey } from "../../../src/trust/node-key.ts";
import { decode } from "../../../src/wire/codec.ts";
import type { Message } from "../../../src/wire/messages.ts";
import { eventually } from "../../support/eventually.ts";
import { openTls } from "../../support/raw-peer.ts";

const key = await createNodeKey();
const established = { dialer: key.id, boot: 1 };
const target = { node: asNodeId("a"), name: "x" };
const payload = "x".repeat(500_000);
const call: Message = { kind: "call", id: 1, timeoutMs: 1, target, method: "m", payload };
const delta: Message = {
  kind: "store-delta",
  shard: 0,
  durable: true,
  registers: [
    { key: "k", value: payload, stamp: { wall: 1, counter: 1, origin: key.id }, seen: [] },
  ],
};
const failure: Message = {
  kind: "reply",
  id: 1,
  ok: false,
  error: { code: "x", message: payload, details: [] },
};

/** A link with a real peer that reads nothing of what is sent to it over its bulk connection. */
async function deafPeer(t: TestContext) {
  const transport = createTcpTransport({ key });
  const accepted: Connection[] = [];
  const listener = await transport.listen("127.0.0.1:0", (connection) => accepted.push(connection));
  t.after(() => listener.close());
  const port = Number(listener.address.split(":")[1]);
  const [control, bulk] = [await openTls(port, key), await openTls(port, key)];
  t.after(() => [control, bulk].map((socket) => socket.destroy()));
  bulk.pause();
  let heard = 0;
  control.on("data", (chunk) => {
    heard += chunk.length;
  });
  await eventually(() => accepted.length === 2, "both connections");
  const [ours, theirs] = accepted;
  assert.ok(ours !== undefined && theirs !== undefined);
  t.after(() => accepted.map((connection) => connection.close()));
  const connections = { control: ours, bulk: theirs, log: silentLog };
  const link = new PeerLink({ peer: key.id, established, sinceMs: 0 }, connections);
  return { link, bulk: theirs, heard: () => heard };
}

/** Sends until it is refused, the kernel's buffers being full too. */
async function fill(link: PeerLink, message: Message): Promise<void> {
  await eventually(async () => {
    await new Promise((turn) => setImmediate(turn));
    return !link.send(message);
  }, `no room for "${message.kind}"`);
}

test("a peer that never reads sheds the store first, then calls, and is cut off when ends find no room", async (t) => {
  const { link, bulk, heard } = await deafPeer(t);
  await fill(link, delta);
  assert.ok(link.send(call), "a call where the store has no room");
  await fill(link, call);
  assert.equal(link.send(delta), false);
  assert.ok(link.send(failure), "an end where calls have no room");
  assert.ok(bulk.isOpen);
  const before = heard();
  const ping: Message = { kind: "ping", seq: 1, news: [] };
  assert.ok(link.send(ping), "membership has a connection of its own");
  await eventually(() => heard() > before, "the ping");
  await fill(link, failure);
  assert.equal(bulk.isOpen, false);
  assert.ok(link.shed >= 3);
});

test("a peer is not reached from the moment that a connection with it is lost", async (t) => {
  const { link, bulk } = await deafPeer(t);
  const links = new Links(() => "peer");
  links.open(link);
  assert.equal(links.reaches(key.id), true);
  bulk.close();
  assert.equal(links.get(key.id), link, "no one has taken it out yet");
  assert.equal(links.reaches(key.id), false);
  assert.equal(links.send(key.id, call), false);
});

test("what cannot be encoded is not sent, and the link goes on", async (t) => {
  const { link } = await deafPeer(t);
  assert.equal(link.send({ ...call, payload: new Date(0) }), false);
  assert.ok(link.send({ ...call, payload: 1 }));
});

test("messages arrive on the lane of their kind", async (t) => {
  const transport = createTcpTransport({ key });
  const accepted: Connection[] = [];
  const listener = await transport.listen("127.0.0.1:0", (connection) => accepted.push(connection));
  t.after(() => listener.close());
  const [control, bulk] = [
    await transport.dial(listener.address),
    await transport.dial(listener.address),
  ];
  t.after(() => [control, bulk].map((connection) => connection.close()));
  await eventually(() => accepted.length === 2, "both connections");
  const kinds: string[][] = [[], []];
  for (const [at, connection] of accepted.entries()) {
    connection.onFrame((frame) => kinds[at]?.push(decode(frame).kind));
  }
  const link = new PeerLink(
    { peer: key.id, established, sinceMs: 0 },
    { control, bulk, log: silentLog },
  );
  link.send({ ...call, payload: 1 });
  link.send({ kind: "ping", seq: 1, news: [] });
  await eventually(() => kinds.every(({ length }) => length === 1), "both messages");
  assert.deepEqual(new Set(kinds.flat()), new Set(["call", "ping"]));
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { asNodeId } from "../../src/core/ids.ts";
import { shardOfKey } from "../../src/store/key-shard.ts";
import { createNodeKey } from "../../src/trust/node-key.ts";
import { encode } from "../../src/wire/codec.ts";
import { frameHeader } from "../../src/wire/framing.ts";
import type { Message } from "../../src/wire/messages.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";
import { keyRingOf, openTcp, openTls, RawPeer } from "../support/raw-peer.ts";

const stranger = "f".repeat(32);

/** A node with a service; at the end of the test both must be as they were. */
async function target(t: TestContext): Promise<MobNode> {
  const node = await (await Lab.open(t)).start();
  await node.deploy(bash("web", "exec sleep 1000"));
  return node;
}

async function isUnharmed(node: MobNode, pid: number): Promise<void> {
  assert.equal(await node.taskPid("web"), pid);
  assert.equal((await node.json<unknown[]>("ls")).length, 1);
  assert.doesNotMatch(node.printed, /crashed/);
}

test("bytes that mean nothing end their connection, and nothing else", async (t) => {
  const node = await target(t);
  const pid = await node.taskPid("web");
  const body = (values: readonly number[]) => [frameHeader(values.length), Uint8Array.from(values)];
  const noise = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 197 + 131) & 0xff);
  const plain: Readonly<Record<string, Uint8Array>> = {
    noise: noise(4_096),
    "noise after the first byte of TLS": Buffer.concat([Uint8Array.of(0x16), noise(4_096)]),
    "a TLS record that is no hello": Uint8Array.of(0x16, 3, 3, 0, 4, 2, 0, 0, 0),
  };
  for (const [what, bytes] of Object.entries(plain)) {
    const socket = await openTcp(node.port);
    socket.resume().write(bytes);
    await eventually(() => socket.closed, `the end of a connection with ${what}`);
  }
  const attacks: Readonly<Record<string, readonly Uint8Array[]>> = {
    noise: [noise(4_096)],
    "a frame of 4 GB": [Uint8Array.of(255, 255, 255, 255)],
    "no MessagePack": body([0xc1, 0xc1]),
    "deep nesting": body(new Array(100).fill(0x91)),
    "an array that claims more than there is": body([0xdd, 255, 255, 255, 255]),
    "a message out of place": framed({ kind: "store-ack", shard: 0, stamp: stampOf(1) }),
  };
  for (const [what, pieces] of Object.entries(attacks)) {
    const peer = await RawPeer.secure(node);
    for (const piece of pieces) peer.bytes(piece);
    await eventually(() => peer.isClosed, `the end of a connection with ${what}`);
  }
  await isUnharmed(node, pid);
});

test("a peer that has the key and is of another version, network or name is refused and told why", async (t) => {
  const node = await target(t);
  const pid = await node.taskPid("web");
  const [own] = await node.json<{ name: string }[]>("nodes");
  const wrong = [{ major: 2 }, { network: "other" }, { name: own?.name ?? "" }];
  const codes: string[] = [];
  for (const changed of wrong) {
    const peer = await RawPeer.secure({ port: node.port, keyRing: keyRingOf(node) });
    peer.send(peer.hello(changed));
    await peer.closed();
    codes.push(
      ...peer.received.map((message) => ("code" in message ? message.code : message.kind)),
    );
  }
  assert.deepEqual(codes, ["other_version", "other_network", "name_taken"]);
  await isUnharmed(node, pid);
});

test("a peer that was let in and sends what no peer may is cut off", async (t) => {
  const node = await target(t);
  const pid = await node.taskPid("web");
  const register = { value: 1, stamp: stampOf(1), seen: [] };
  const member = {
    id: asNodeId(stranger),
    name: "raw",
    address: "127.0.0.1:1",
    incarnation: 1,
    state: "alive" as const,
    facts: { providers: [], labels: {}, version: "1" },
  };
  const wrong = [
    { ...member, name: "\u001b[2Jraw" },
    { ...member, address: "a\u0007" },
  ];
  const attacks: readonly Message[] = [
    { kind: "hello", ...helloFields() },
    {
      kind: "store-delta",
      shard: 0,
      registers: [{ ...register, key: "x".repeat(3_000) }],
      durable: true,
    },
    { kind: "store-state", shard: 0, registers: [{ ...register, key: "" }] },
    { kind: "store-state", shard: 0, registers: [{ ...register, key: "spec/web\u001b[31m" }] },
    { kind: "store-state", shard: 1_024, registers: [{ ...register, key: "spec/web" }] },
    { kind: "store-leaves", shard: 0, sums: [1e300], wanted: true },
    ...wrong.map((one): Message => ({ kind: "gossip", news: [{ member: one, by: "" }] })),
    { kind: "sync", hash: -1, member, held: 0 },
    { kind: "digest", entries: [[member.id, 1e300, 0]] },
  ];
  for (const attack of attacks) {
    const peer = await RawPeer.meet(node);
    peer.send(attack);
    await eventually(
      () => peer.isClosed,
      `being cut off for ${JSON.stringify(attack).slice(0, 80)}`,
    );
  }
  await isUnharmed(node, pid);
});

test("records that are none are kept out of what is known, and survive a restart as such", async (t) => {
  const node = await target(t);
  const pid = await node.taskPid("web");
  const peer = await RawPeer.meet(node);
  const values: readonly (readonly [string, unknown])[] = [
    ["spec/__proto__", { name: "__proto__" }],
    ["spec/constructor", { name: "constructor", uid: "0123456789abcdef", generation: 1, spec: {} }],
    ["spec/evil", null],
    ["run/web", { uid: "x", run: "stopped" }],
    ["removed/web/0123456789abcdef", { uid: "fedcba9876543210", atMs: 1 }],
    ["placement/evil/0", { service: "web", slot: 0 }],
    ["status/web/0123456789abcdef", { status: { state: "\u001b[2J" } }],
    ["__proto__", { polluted: true }],
    ["no/such/kind", new Uint8Array(1_000)],
  ];
  values.forEach(([key, value], at) => {
    const registers = [{ key, value, stamp: stampOf(at + 1), seen: [] }];
    peer.send({ kind: "store-delta", shard: shardOfKey(key), registers, durable: true });
  });
  const answers = () =>
    peer.received.map(({ kind }) => kind).filter((kind) => /^store-(ack|refuse)$/.test(kind));
  await eventually(() => answers().length === values.length, "an answer to all");
  // What the node holds of the key is later: it is kept in the history alone.
  const acks = values.map(([key]) => (key === "run/web" ? "store-refuse" : "store-ack"));
  assert.deepEqual(answers().sort(), acks.sort());
  await isUnharmed(node, pid);
  peer.close();
  await node.crash();
  await node.start();
  await isUnharmed(node, pid);
});

test("calls from a peer reach what is meant for peers, and nothing else", async (t) => {
  const node = await target(t);
  const pid = await node.taskPid("web");
  const [self] = await node.json<{ id: string }[]>("nodes");
  const peer = await RawPeer.meet(node);
  const at = (name: string) => ({ node: asNodeId(self?.id ?? ""), name });
  const calls: readonly (readonly [string, string, unknown])[] = [
    ["nobody", "deploy", {}],
    ["__proto__", "deploy", {}],
    ["store", "write", { entries: [{ key: 1 }] }],
    ["store", "outdated", { why: "x" }],
    ["services", "startChild", {}],
    ["controller", "constructor", {}],
    ["controller", "__proto__", {}],
    ["controller", "deploy", { document: { name: "__proto__" } }],
    ["controller", "deploy", null],
    ["controller", "act", { name: "web", action: "explode" }],
    ["controller", "act", "web"],
  ];
  for (const [id, [name, method, payload]] of calls.entries()) {
    peer.send({ kind: "call", id, timeoutMs: 5_000, target: at(name), method, payload });
    peer.send({ kind: "cast", target: at(name), method, payload });
  }
  const replies = await eventually(() => {
    const told = peer.received.filter((message) => message.kind === "reply");
    return told.length === calls.length ? told : undefined;
  }, "an answer to every call");
  assert.ok(replies.every(({ ok }) => !ok));
  peer.close();
  await isUnharmed(node, pid);
});

test("500 connections that say nothing take neither the node nor much of its memory", async (t) => {
  const node = await target(t);
  const pid = await node.taskPid("web");
  const before = residentKb(node);
  const idle = await Promise.all(Array.from({ length: 500 }, () => openTcp(node.port)));
  t.after(() => {
    for (const socket of idle) socket.destroy();
  });
  await isUnharmed(node, pid);
  assert.ok(residentKb(node) - before < 50_000);
});

test("hostile connections of every kind at once leave the node serving, and its memory bounded", async (t) => {
  const node = await target(t);
  const pid = await node.taskPid("web");
  const before = residentKb(node);
  const key = await createNodeKey();
  const open: { destroy(): void }[] = [];
  t.after(() => {
    for (const socket of open) socket.destroy();
  });
  const attack = async (start: string | Uint8Array, rest: Uint8Array, isPeer: boolean) => {
    const socket = isPeer ? await openTls(node.port, key) : await openTcp(node.port);
    open.push(socket);
    socket.resume().write(start);
    socket.write(rest); // As much as the node takes: the rest waits here.
  };
  const json = "POST /v1/deploy HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json";
  const kinds = [
    () => attack("GET /v1/no", new Uint8Array(0), false),
    () => attack(Uint8Array.of(0x16, 3, 1, 0x40, 0), new Uint8Array(16_000), false),
    () => attack(`GET / HTTP/1.1\r\nx: `, Buffer.alloc(200_000, "x"), false),
    () => attack(`${json}\r\ncontent-length: 900000\r\n\r\n`, Buffer.alloc(800_000, "["), false),
    () => attack(frameHeader(4_000_000), Buffer.alloc(3_000_000), true),
    () => attack(frameHeader(16_000), Buffer.alloc(15_999, 0x91), true),
  ];
  let grown = 0;
  for (let round = 0; round < 60; round++) {
    await Promise.allSettled(kinds.map((kind) => kind()));
    grown = Math.max(grown, residentKb(node) - before);
  }
  await isUnharmed(node, pid);
  grown = Math.max(grown, residentKb(node) - before);
  assert.ok(grown < 100_000, `${grown} KB more`);
});

test("HTTP that no client of Mob sends is refused", async (t) => {
  const node = await target(t);
  const pid = await node.taskPid("web");
  const bearer = (await node.mob("token", "create", "--role", "admin")).trim();
  const json = { "content-type": "application/json" };
  const body = (value: unknown) => JSON.stringify(value);
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const spec = (name: string) =>
    body({ documents: [{ name, provider: "bash", params: { command: "true" } }] });
  const env =
    '{"documents":[{"name":"evil","provider":"bash","params":{"command":"true"},"env":{"__proto__":"x"}}]}';
  const attempts: readonly (readonly [number, string, Record<string, string>, string?])[] = [
    [401, "/v1/nodes", { authorization: "" }],
    [403, "/v1/nodes", { host: "evil.example" }],
    [403, "/v1/nodes", { origin: "http://evil.example" }],
    [403, "/v1/nodes", { origin: "null" }],
    [400, "/v1/deploy", { "content-type": "text/plain" }, spec("evil")],
    [413, "/v1/deploy", json, body("x".repeat(2_000_000))],
    [431, "/v1/nodes", { padding: "x".repeat(100_000) }],
    [400, "/v1/deploy", json, `{"documents":[${deep}]}`],
    [400, "/v1/deploy", json, '{"__proto__":{"a":1},"documents":[]}'],
    [400, "/v1/deploy", json, spec("__proto__")],
    [400, "/v1/deploy", json, env],
    [404, "/v1/services/__proto__", {}],
    [404, "/v1/services/constructor", {}],
  ];
  for (const [status, path, headers, sent] of attempts) {
    const known = { authorization: `Bearer ${bearer}`, ...headers };
    const got = await ask(node.port, path, known, sent);
    assert.equal(
      got,
      status,
      `${path} ${JSON.stringify(headers).slice(0, 60)} ${sent?.slice(0, 60)}`,
    );
  }
  await isUnharmed(node, pid);
});

function framed(message: Message): readonly Uint8Array[] {
  const frame = encode(message);
  return [frameHeader(frame.length), frame];
}

function stampOf(counter: number) {
  return { wall: 1, counter, origin: asNodeId(stranger) };
}

function helloFields() {
  const { kind: _kind, ...fields } = {
    kind: "hello" as const,
    magic: "mob" as const,
    major: 1,
    minor: 0,
    network: "mob",
    node: asNodeId(stranger),
    boot: 1,
    name: "raw",
    address: "127.0.0.1:1",
    proof: "0".repeat(64),
  };
  return fields;
}

function residentKb(node: MobNode): number {
  const status = readFileSync(`/proc/${node.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

/** The status of the answer. */
function ask(port: number, path: string, headers: Record<string, string>, body?: string) {
  return new Promise<number | undefined>((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const asked = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode));
    });
    asked.once("error", reject).end(body);
  });
}

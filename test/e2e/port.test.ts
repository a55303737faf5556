import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { asNodeId } from "../../src/core/ids.ts";
import { shardOfKey } from "../../src/store/key-shard.ts";
import { encode } from "../../src/wire/codec.ts";
import { frameHeader } from "../../src/wire/framing.ts";
import type { Message } from "../../src/wire/messages.ts";
import { peerPreface } from "../../src/wire/preface.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";
import { RawPeer } from "../support/raw-peer.ts";

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
  const attacks: Readonly<Record<string, readonly Uint8Array[]>> = {
    noise: [Uint8Array.from({ length: 4_096 }, (_, at) => (at * 197 + 131) & 0xff)],
    "a frame of 4 GB": [peerPreface, Uint8Array.of(255, 255, 255, 255)],
    "no MessagePack": [peerPreface, ...body([0xc1, 0xc1])],
    "deep nesting": [peerPreface, ...body(new Array(100).fill(0x91))],
    "an array that claims more than there is": [peerPreface, ...body([0xdd, 255, 255, 255, 255])],
    "a message out of place": [
      peerPreface,
      ...framed({ kind: "store-ack", shard: 0, stamp: stampOf(1) }),
    ],
  };
  for (const [what, pieces] of Object.entries(attacks)) {
    const peer = await RawPeer.open(node.port);
    for (const piece of pieces) peer.bytes(piece);
    await eventually(() => peer.isClosed, `the end of a connection with ${what}`);
  }
  await isUnharmed(node, pid);
});

test("a peer of another version, network or with this node's own name or id is refused", async (t) => {
  const node = await target(t);
  const pid = await node.taskPid("web");
  const own = await node.json<{ id: string; name: string }[]>("nodes");
  const wrong = [
    { major: 2 },
    { network: "other" },
    { name: own[0]?.name ?? "" },
    { node: asNodeId(own[0]?.id ?? "") },
  ];
  const codes: string[] = [];
  for (const changed of wrong) {
    const peer = await RawPeer.open(node.port);
    peer.bytes(peerPreface);
    peer.send(peer.hello(changed));
    await peer.closed();
    codes.push(
      ...peer.received.map((message) => ("code" in message ? message.code : message.kind)),
    );
  }
  assert.deepEqual(codes, ["other_version", "other_network", "name_taken", "self"]);
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
  const views = [
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
    ...views.map((one): Message => ({ kind: "view", view: { version: 1, members: [one] } })),
  ];
  for (const attack of attacks) {
    const peer = await RawPeer.meet(node.port);
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
  const peer = await RawPeer.meet(node.port);
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
  await eventually(
    () => peer.received.filter(({ kind }) => kind === "store-ack").length === values.length,
    "the acknowledgement of what was kept",
  );
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
  const peer = await RawPeer.meet(node.port);
  const at = (name: string) => ({ node: asNodeId(self?.id ?? ""), name });
  const calls: readonly (readonly [string, string, unknown])[] = [
    ["nobody", "deploy", {}],
    ["__proto__", "deploy", {}],
    ["store", "write", { entries: [{ key: "spec/evil", value: 1 }] }],
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
  const idle = await Promise.all(Array.from({ length: 500 }, () => RawPeer.open(node.port)));
  t.after(() => {
    for (const peer of idle) peer.close();
  });
  await isUnharmed(node, pid);
  assert.ok(residentKb(node) - before < 50_000);
});

test("HTTP that no client of Mob sends is refused", async (t) => {
  const node = await target(t);
  const pid = await node.taskPid("web");
  const json = { "content-type": "application/json" };
  const body = (value: unknown) => JSON.stringify(value);
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const spec = (name: string) =>
    body({ documents: [{ name, provider: "bash", params: { command: "true" } }] });
  const env =
    '{"documents":[{"name":"evil","provider":"bash","params":{"command":"true"},"env":{"__proto__":"x"}}]}';
  const attempts: readonly (readonly [number, string, Record<string, string>, string?])[] = [
    [403, "/v1/nodes", { host: "evil.example" }],
    [403, "/v1/nodes", { origin: "http://evil.example" }],
    [403, "/v1/nodes", { origin: "null" }],
    [400, "/v1/deploy", { "content-type": "text/plain" }, spec("evil")],
    [413, "/v1/deploy", json, body("x".repeat(2_000_000))],
    [400, "/v1/nodes", { padding: "x".repeat(100_000) }],
    [400, "/v1/deploy", json, `{"documents":[${deep}]}`],
    [400, "/v1/deploy", json, '{"__proto__":{"a":1},"documents":[]}'],
    [400, "/v1/deploy", json, spec("__proto__")],
    [400, "/v1/deploy", json, env],
    [404, "/v1/services/__proto__", {}],
    [404, "/v1/services/constructor", {}],
  ];
  for (const [status, path, headers, sent] of attempts) {
    const got = await ask(node.port, path, headers, sent);
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

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { Packr } from "msgpackr";
import { asNodeId } from "../../../src/core/ids.ts";
import { frameBytesMax } from "../../../src/core/limits.ts";
import { decode, encode } from "../../../src/wire/codec.ts";
import {
  FrameTooLarge,
  InvalidMessage,
  MalformedFrame,
  UnknownMessage,
  WireError,
} from "../../../src/wire/errors.ts";
import { declarations, type Message, protocolVersion } from "../../../src/wire/messages.ts";
import { fuzzRuns } from "../../support/fuzz-runs.ts";

const packr = new Packr({ useRecords: false });
const node = asNodeId("0".repeat(31).concat("a"));
const stamp = { wall: 2 ** 41, counter: 3, origin: node };
const register = { key: "group/web/spec", value: { a: [1, null] }, stamp, seen: [stamp] };
const identity = {
  magic: "mob",
  major: 1,
  minor: 0,
  network: "mob",
  node,
  boot: 7,
  name: "6666@host",
  address: "127.0.0.1:6666",
  proof: "5".repeat(64),
} as const;
const target = { node, boot: 7, path: "mob/peer/store", serial: 12 };
const member = {
  id: node,
  name: "6666@host",
  address: "127.0.0.1:6666",
  incarnation: 7 * 2 ** 32 + 1,
  state: "alive",
  facts: {
    providers: [
      { type: "bash", available: true, version: "5.2" },
      { type: "docker", available: false, reason: "no socket" },
    ],
    labels: { zone: "eu" },
    version: "0.1.0",
  },
} as const;

const messages: readonly Message[] = [
  { kind: "hello", ...identity },
  { kind: "welcome", ...identity },
  { kind: "refuse", code: "self", message: "a node cannot join itself" },
  { kind: "sync", hash: 2 ** 53 - 1, member, held: 0 },
  { kind: "digest", entries: [[node, member.incarnation, 3]] },
  { kind: "members", members: [member], wanted: [node], more: false },
  { kind: "ping", seq: 1, news: [] },
  { kind: "ping-request", seq: 1, target: node, news: [{ member, by: node }] },
  { kind: "ack", seq: 1, news: [{ member, by: "" }] },
  { kind: "ack", seq: 1, hash: 2 ** 53 - 1, news: [] },
  { kind: "nack", seq: 1 },
  { kind: "gossip", news: [{ member: { ...member, state: "forgotten" }, by: "" }] },
  { kind: "store-delta", shard: 0, registers: [register], durable: true },
  { kind: "store-delta", shard: 0, registers: [register], durable: false, onward: node },
  { kind: "store-ack", shard: 1_023, stamp },
  { kind: "store-digest", hash: "0123456789abcdef" },
  { kind: "store-roots", isSame: false, roots: [{ shard: 7, root: "0123456789abcdef" }] },
  { kind: "store-roots", isSame: true, roots: [], horizon: stamp },
  { kind: "store-state", shard: 7, registers: [{ key: "gone", stamp, seen: [] }] },
  { kind: "store-leaves", shard: 7, sums: [0, 2 ** 32 - 1], wanted: true },
  { kind: "store-refuse", shard: 7, stamp, message: "the disk is full" },
  { kind: "store-confirm", shard: 7, root: "0123456789abcdef", isAnswer: false },
  {
    kind: "store-confirm",
    shard: 7,
    root: "0123456789abcdef",
    isAnswer: false,
    count: 0,
    onward: node,
  },
  { kind: "store-confirm", shard: 7, root: "0123456789abcdef", isAnswer: true, count: 2 },
  { kind: "store-purge", shard: 7, tombstones: [{ key: "spec/gone", stamp }] },
  { kind: "call", id: 1, timeoutMs: 5_000, target, method: "get", payload: { key: "x" } },
  { kind: "cast", target: { node, name: "store" }, method: "put", payload: undefined },
  { kind: "reply", id: 1, ok: true, payload: undefined },
  { kind: "reply", id: 1, ok: false, error: { code: "not_found", message: "no", details: [] } },
  { kind: "monitor", id: 2, target },
  { kind: "demonitor", id: 2 },
  { kind: "down", id: 2, reason: { kind: "shutdown", detail: "bye" } },
];

test("every message is decoded to what was encoded", () => {
  for (const message of messages) assert.deepEqual(decode(encode(message)), message);
  const declared = new Set(declarations.map(({ kind }) => kind));
  assert.deepEqual(new Set(messages.map(({ kind }) => kind)), declared);
});

/** Frames as the versions of the protocol sent them, by version; see docs/how-to/add-a-message.md. */
interface RecordedFrame {
  /** Of the message, as JSON: what is undefined is not in it. */
  readonly message: string;
  readonly hex: string;
}
const recordFile = new URL("recorded-frames.json", import.meta.url);
const present = `${protocolVersion.major}.${protocolVersion.minor}`;

test("frames recorded of each version are read today as what they were", () => {
  const recorded: Record<string, readonly RecordedFrame[]> = JSON.parse(
    readFileSync(recordFile, "utf8"),
  );
  if (process.env["MOB_RECORD_FRAMES"] !== undefined) {
    recorded[present] = messages.map((message) => ({
      message: JSON.stringify(message),
      hex: Buffer.from(encode(message)).toString("hex"),
    }));
    writeFileSync(recordFile, `${JSON.stringify(recorded, null, 2)}\n`);
  }
  for (const frames of Object.values(recorded)) {
    for (const { message, hex } of frames) {
      const read = JSON.stringify(decode(Buffer.from(hex, "hex")));
      assert.deepEqual(JSON.parse(read), JSON.parse(message));
    }
  }
  const numbers = recorded[present]?.map(({ hex }) => packr.unpack(Buffer.from(hex, "hex"))[0]);
  assert.deepEqual(
    new Set(numbers),
    new Set(declarations.map(({ number }) => number)),
    "every message of the present version is recorded: MOB_RECORD_FRAMES=1 npm test -- wire/codec",
  );
});

test("no two messages have the same number", () => {
  const numbers = declarations.map(({ number }) => number);
  assert.equal(new Set(numbers).size, numbers.length);
});

test("any plain payload survives a call", () => {
  const payload = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__"));
  fc.assert(
    fc.property(payload, (value) => {
      const message: Message = {
        kind: "call",
        id: 1,
        timeoutMs: 1,
        target,
        method: "m",
        payload: value,
      };
      assert.equal(JSON.stringify(decode(encode(message))), JSON.stringify(message));
    }),
  );
});

test("a later version's field is dropped, its message is unknown, its object's field let through", () => {
  assert.deepEqual(decode(packr.pack([35, 2, "more"])), { kind: "demonitor", id: 2 });
  assert.throws(() => decode(packr.pack([9_999, 1])), UnknownMessage);
  const down = packr.pack([36, 2, { kind: "killed", by: "someone" }]);
  assert.equal(decode(down).kind, "down");
});

test("a missing or wrong field is refused by message and field", () => {
  const refused = (values: unknown[], what: RegExp) =>
    assert.throws(
      () => decode(packr.pack(values)),
      (error) => error instanceof InvalidMessage && what.test(error.message),
    );
  refused([30, 1, 5_000, target], /"call".*(method|payload)/);
  refused([30, -1, 5_000, target, "m", 1], /"call".*id/);
  refused([30, 1, 5_000, { node }, "m", 1], /"call"/);
  refused([13, [{ ...member, state: "bored" }], [], false], /"members"/);
  refused([12, [[node, -1, 0]]], /"digest"/);
  refused([18, [{ member, by: "someone" }]], /"gossip"/);
  refused([21, 0, { ...stamp, origin: "not an id" }], /"store-ack".*origin/);
});

test("what is no message at all is refused", () => {
  for (const value of [1, null, "x", {}, [], ["call"], [[30]], [null]]) {
    assert.throws(() => decode(packr.pack(value)), WireError);
  }
  assert.throws(() => decode(new Uint8Array(0)), MalformedFrame);
  const arrayAsKey = Uint8Array.of(0x92, 35, 0x81, 0x91, 0, 0);
  assert.throws(() => decode(arrayAsKey), MalformedFrame);
});

test("a payload that is not plain data is refused where it is sent", () => {
  const reply = (payload: unknown): Message => ({ kind: "reply", id: 1, ok: true, payload });
  const circle: unknown[] = [];
  circle.push(circle);
  for (const payload of [new Date(0), 2n ** 60n, circle]) {
    assert.throws(() => encode(reply(payload)), MalformedFrame);
  }
  assert.throws(() => encode(reply(Buffer.alloc(frameBytesMax))), FrameTooLarge);
});

test("any bytes are decoded or refused as what is wrong with the wire", () => {
  const lead = fc.constantFrom(...declarations.map(({ number }) => number));
  const near = fc
    .tuple(lead, fc.array(fc.anything({ maxDepth: 2 }), { maxLength: 6 }))
    .map(([number, rest]) => packr.pack([number, ...rest]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 50 }), near), (bytes) => {
      try {
        decode(bytes);
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
    }),
    { numRuns: fuzzRuns(3_000) },
  );
});

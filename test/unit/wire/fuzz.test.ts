/** Any bytes and any messages, in any order, at the parts of the wire that meet strangers first. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asNodeId } from "../../../src/core/ids.ts";
import { singleKeyRing } from "../../../src/trust/key-ring.ts";
import { isProven, prove } from "../../../src/trust/proof.ts";
import { decode, encode } from "../../../src/wire/codec.ts";
import { FrameTooLarge, WireError } from "../../../src/wire/errors.ts";
import { FrameParser, frameHeader } from "../../../src/wire/framing.ts";
import {
  type Channel,
  identityOf,
  type Neighbours,
  startHandshake,
  stepHandshake,
} from "../../../src/wire/handshake.ts";
import type { Message } from "../../../src/wire/messages.ts";
import { fuzzRuns } from "../../support/fuzz-runs.ts";

const frameMax = 64;
const anyFrame = fc.oneof(
  fc
    .uint8Array({ maxLength: frameMax })
    .map((body) => Buffer.concat([frameHeader(body.length), body])),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(0xffffffff).map((length) => Buffer.from(frameHeader(length))),
);
const streams = fc.array(anyFrame, { maxLength: 8 }).map((pieces) => Buffer.concat(pieces));

/** The bodies in a stream that comes in pieces of those lengths, and whether it could be read to its end. */
function parse(
  stream: Buffer,
  lengths: readonly number[],
): { bodies: string[]; isRefused: boolean } {
  const parser = new FrameParser(frameMax);
  const bodies: string[] = [];
  let at = 0;
  try {
    for (const length of [...lengths, stream.length]) {
      const piece = stream.subarray(at, at + length);
      bodies.push(...parser.push(piece).map((body) => Buffer.from(body).toString("hex")));
      at += piece.length;
    }
    return { bodies, isRefused: false };
  } catch (error) {
    assert.ok(error instanceof FrameTooLarge, String(error));
    return { bodies, isRefused: true };
  }
}

test("any stream is cut into the same frames in whatever pieces it comes, or refused", () => {
  fc.assert(
    fc.property(streams, fc.array(fc.nat(20), { maxLength: 30 }), (stream, lengths) => {
      const inPieces = parse(stream, lengths);
      const byByte = parse(
        stream,
        Array.from({ length: stream.length }, () => 1),
      );
      assert.equal(inPieces.isRefused, byByte.isRefused);
      assert.equal(parse(stream, []).isRefused, byByte.isRefused);
      if (!byByte.isRefused) assert.deepEqual(inPieces, byByte);
      assert.ok(byByte.bodies.every((body) => body.length <= 2 * frameMax));
    }),
    { numRuns: fuzzRuns(3_000) },
  );
});

const near = asNodeId("a".repeat(32));
const far = asNodeId("b".repeat(32));
const ring = singleKeyRing({ network: "n", secret: new Uint8Array(32).fill(7) });
const keyingMaterial = new Uint8Array(32).fill(9);
const channel: Channel = {
  peer: far,
  prove: (role) => prove(ring, { keyingMaterial, role, node: near }),
  moreProofs: () => [],
  answer: () => undefined,
  isProven: (role, proof) => isProven(ring, { keyingMaterial, role, node: far }, proof),
};
const neighbours: Neighbours = {
  connectionWith: () => undefined,
  awaitsBulk: () => true,
  holderOf: () => undefined,
};
const self = identityOf({ network: "n", node: near, boot: 1, name: "near", address: "h:1" });
const hex64 = fc.stringMatching(/^[0-9a-f]{64}$/);
/** What a stranger may know: everything but the key. The echoed proof is the near side's own. */
const anyIdentity = fc.record({
  magic: fc.constant("mob" as const),
  major: fc.constantFrom(1, 2),
  minor: fc.nat(9),
  network: fc.constantFrom("n", "other"),
  node: fc.constantFrom(near, far),
  boot: fc.nat(9),
  name: fc.constantFrom("near", "far"),
  address: fc.constant("h:2"),
  proof: fc.oneof(
    hex64,
    fc.constant(channel.prove("dialer")),
    fc.constant(channel.prove("acceptor")),
  ),
});
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.tuple(anyIdentity, fc.option(hex64, { nil: undefined })).map(([who, bulkOf]) => ({
    kind: "hello" as const,
    ...who,
    ...(bulkOf !== undefined && { bulkOf }),
  })),
  anyIdentity.map((who) => ({ kind: "welcome" as const, ...who })),
  fc.string().map((message) => ({ kind: "refuse" as const, code: "self", message })),
  fc.nat(9).map((id) => ({ kind: "demonitor" as const, id })),
);

test("no sequence of messages gets in without the key, and an acceptor answers it with a code alone", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("dialer" as const, "acceptor" as const),
      fc.array(anyMessage, { minLength: 1, maxLength: 5 }),
      (role, messages) => {
        let { state } = startHandshake(role, self, channel);
        for (const message of messages) {
          const step = stepHandshake(state, message, neighbours);
          state = step.state;
          for (const effect of step.effects) {
            assert.notEqual(effect.kind, "established");
            if (effect.kind !== "send") continue;
            assert.equal(effect.message.kind, "refuse");
            assert.ok(effect.message.kind === "refuse" && effect.message.message === "");
          }
        }
      },
    ),
    { numRuns: fuzzRuns(5_000) },
  );
});

test("a valid message with any byte changed is decoded or refused as what is wrong with the wire", () => {
  fc.assert(
    fc.property(anyMessage, fc.nat(), fc.nat(255), (message, at, byte) => {
      const bytes = Uint8Array.from(encode(message));
      bytes[at % bytes.length] = byte;
      try {
        decode(bytes);
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
    }),
    { numRuns: fuzzRuns(5_000) },
  );
});

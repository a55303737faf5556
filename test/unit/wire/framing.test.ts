import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FrameTooLarge } from "../../../src/wire/errors.ts";
import { FrameParser, frameHeader } from "../../../src/wire/framing.ts";
import { fuzzRuns } from "../../support/fuzz-runs.ts";

const stream = (bodies: readonly Uint8Array[]) =>
  Buffer.concat(bodies.flatMap((body) => [frameHeader(body.length), body]));

test("any chunking of a stream gives the same frames", () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 });
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 60 })), (sent, cuts) => {
      const bytes = stream(sent);
      const parser = new FrameParser();
      const frames: Uint8Array[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        frames.push(...parser.push(bytes.subarray(at, at + cut)));
        at += cut;
      }
      assert.deepEqual(frames.map(Buffer.from), sent.map(Buffer.from));
    }),
    { numRuns: fuzzRuns(500) },
  );
});

test("a frame is there with its last byte, not before", () => {
  const parser = new FrameParser();
  const bytes = stream([Uint8Array.of(1, 2, 3)]);
  for (const byte of bytes.subarray(0, -1)) {
    assert.deepEqual(parser.push(Uint8Array.of(byte)), []);
  }
  assert.equal(parser.push(bytes.subarray(-1)).length, 1);
});

test("a claim over the limit is refused before its bytes come, a claim of the limit is not", () => {
  const parser = () => new FrameParser(1_000);
  assert.throws(() => parser().push(frameHeader(0xffff_ffff)), FrameTooLarge);
  assert.throws(() => parser().push(frameHeader(1_001)), FrameTooLarge);
  const frames = parser().push(stream([new Uint8Array(1_000)]));
  assert.equal(frames[0]?.length, 1_000);
});

test("a large claim costs memory only as its bytes come", () => {
  const parsers = Array.from({ length: 1_000 }, () => new FrameParser());
  const before = process.memoryUsage().arrayBuffers;
  for (const parser of parsers)
    parser.push(Buffer.concat([frameHeader(4_000_000), Buffer.alloc(9)]));
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 50_000_000, `${grown} bytes for 1,000 claims of 4 MB`);
});

test("a body within one chunk is not copied", () => {
  const bytes = stream([Uint8Array.of(1, 2, 3)]);
  const [frame] = new FrameParser().push(bytes);
  assert.equal(frame?.buffer, bytes.buffer);
});

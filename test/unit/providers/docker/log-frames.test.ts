import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LogFrames } from "../../../../src/providers/docker/log-frames.ts";

/** A frame of the stream: stdout is 1. */
function frame(text: string, stream = 1): Buffer {
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

const at = "2026-11-26T00:21:31.068306635Z";

test("an entry is what was written, without its time", () => {
  const entries = new LogFrames().push(
    Buffer.concat([frame(`${at} a b\n`), frame(`${at} \n`, 2), frame(`${at} part`)]),
  );
  assert.deepEqual(
    entries.map(({ bytes }) => Buffer.from(bytes).toString()),
    ["a b\n", "\n", "part"],
  );
  assert.equal(entries[0]?.second, Date.parse("2026-11-26T00:21:31Z") / 1_000);
});

test("times of another zone, and without a fraction, are read", () => {
  const [entry] = new LogFrames().push(frame("2026-11-26T01:21:31+01:00 x\n"));
  assert.equal(entry?.second, Date.parse("2026-11-26T00:21:31Z") / 1_000);
});

test("a stream gives the same entries however it is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.nat(40)), (texts, sizes) => {
      const stream = Buffer.concat(texts.map((text) => frame(`${at} ${text}`)));
      const frames = new LogFrames();
      const got: string[] = [];
      const take = (chunk: Buffer) => {
        for (const { bytes } of frames.push(chunk)) got.push(Buffer.from(bytes).toString());
      };
      let from = 0;
      for (const size of sizes) {
        take(stream.subarray(from, from + size));
        from = Math.min(stream.length, from + size);
      }
      take(stream.subarray(from));
      assert.deepEqual(
        got,
        texts.map((text) => Buffer.from(text).toString()),
      );
    }),
  );
});

test("what is no such stream is an error, and takes no memory", () => {
  assert.throws(() => new LogFrames().push(Buffer.alloc(8, 0xff)), RangeError);
  assert.throws(() => new LogFrames().push(frame("no time")), SyntaxError);
  assert.throws(() => new LogFrames().push(frame("nospace")), SyntaxError);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LogChunk } from "../../../src/api/commands.ts";
import { decodeLog, encodeLogChunk, encodeLogError } from "../../../src/api/log-frames.ts";

const chunks = fc.array(
  fc
    .record(
      {
        name: fc.string(),
        slot: fc.nat(),
        node: fc.string(),
        bytes: fc.uint8Array({ maxLength: 300 }),
        skipped: fc.nat(),
      },
      { requiredKeys: ["name", "slot", "node", "bytes"] },
    )
    .map((chunk): LogChunk => ({ ...chunk, bytes: Buffer.from(chunk.bytes) })),
  { maxLength: 10 },
);

/** `bytes` in pieces of the lengths given, the rest in one. */
async function* cut(bytes: Buffer, lengths: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const length of lengths) {
    yield bytes.subarray(from, from + length);
    from += length;
  }
  yield bytes.subarray(from);
}

async function decode(bytes: Buffer, lengths: readonly number[] = []): Promise<LogChunk[]> {
  const decoded: LogChunk[] = [];
  for await (const chunk of decodeLog(cut(bytes, lengths))) decoded.push(chunk);
  return decoded;
}

/** Pieces of one source after each other become one, as far as nothing was skipped between. */
function joined(pieces: readonly LogChunk[]): LogChunk[] {
  const whole: LogChunk[] = [];
  for (const piece of pieces) {
    const last = whole.at(-1);
    const same = last?.name === piece.name && last.slot === piece.slot && last.node === piece.node;
    if (last !== undefined && same && piece.skipped === undefined) {
      whole[whole.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, piece.bytes]) };
    } else {
      whole.push(piece);
    }
  }
  return whole;
}

test("what was encoded is decoded, however the bytes were cut", async () => {
  await fc.assert(
    fc.asyncProperty(chunks, fc.array(fc.nat(40), { maxLength: 100 }), async (sent, lengths) => {
      const received = await decode(Buffer.concat(sent.map(encodeLogChunk)), lengths);
      assert.deepEqual(joined(received), joined(sent));
    }),
  );
});

test("no bytes whatever make the decoder fail in another way than by its errors", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await decode(Buffer.from(bytes)).catch((error) => assert.equal(error.code, "unreachable"));
    }),
  );
});

test("a stream that ends in a header or in a body is unreachable", async () => {
  const frame = encodeLogChunk({ name: "a", slot: 0, node: "n", bytes: Buffer.from("text") });
  for (const length of [1, frame.length - 1]) {
    await assert.rejects(decode(frame.subarray(0, length)), { code: "unreachable" });
  }
});

test("an error that was sent is thrown with its code", async () => {
  const frame = encodeLogError({ code: "not_found", message: "no", details: [] });
  await assert.rejects(decode(frame), { code: "not_found", message: "no" });
});

test("a header without end is refused before it fills memory", async () => {
  await assert.rejects(decode(Buffer.alloc(1024 * 1024, "x")), { code: "unreachable" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeChanges } from "../../../src/client/change-lines.ts";
import { aChange } from "../../support/memory-commands.ts";

const line = `${JSON.stringify({ ...aChange, name: "wéb" })}\n`;

async function read(pieces: readonly Buffer[]): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const changes of decodeChanges(pieces, () => {})) all.push(...changes);
  return all;
}

test("lines are read back however they were cut, and empty ones are nothing", async () => {
  const bytes = Buffer.from(`\n${line}\n${line}`);
  for (let at = 0; at <= bytes.length; at++) {
    const changes = await read([bytes.subarray(0, at), bytes.subarray(at)]);
    assert.deepEqual(changes, [
      { ...aChange, name: "wéb" },
      { ...aChange, name: "wéb" },
    ]);
  }
});

test("an error that the node sends ends it, after what came with it; so does what is no JSON", async () => {
  const error = { code: "unavailable", message: "no", details: [] };
  const both = decodeChanges([Buffer.from(`${line}${JSON.stringify({ error })}\n`)], () => {});
  assert.equal((await both.next()).value?.length, 1);
  await assert.rejects(both.next(), error);
  await assert.rejects(read([Buffer.from(`${JSON.stringify({ error })}\n`)]), error);
  await assert.rejects(read([Buffer.from("<html>\n")]), { code: "unreachable" });
});

test("a stream in which nothing comes is told, and one that beats is not", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let silent = false;
  let beat: (bytes: Buffer) => void = () => {};
  async function* body(): AsyncGenerator<Buffer> {
    for (;;) {
      yield await new Promise<Buffer>((resolve) => {
        beat = resolve;
      });
    }
  }
  const changes = decodeChanges(body(), () => {
    silent = true;
  });
  const next = changes.next();
  for (let beats = 0; beats < 10; beats++) {
    t.mock.timers.tick(15_000);
    beat(Buffer.from("\n"));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(silent, false);
  t.mock.timers.tick(20_000);
  assert.equal(silent, true);
  beat(Buffer.from(line));
  assert.equal((await next).done, false);
  await changes.return(undefined);
});

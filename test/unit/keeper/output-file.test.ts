import assert from "node:assert/strict";
import { appendFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { OutputFile } from "../../../src/keeper/output-file.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const limits = { fileBytesMax: 40_000, filesMax: 3 };

/** `count` numbered lines from `first` on, 10 bytes each. */
function lines(first: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `${String(first + i).padStart(9, "0")}\n`).join(
    "",
  );
}

async function readAll(output: OutputFile, from = 0): Promise<{ from: number; text: string }> {
  const first = await output.read(from, 7_777);
  let text = Buffer.from(first.bytes).toString();
  for (let { next } = first; ; ) {
    const chunk = await output.read(next, 7_777);
    if (chunk.bytes.length === 0) return { from: first.from, text };
    assert.equal(chunk.from, next, "no gap");
    text += Buffer.from(chunk.bytes).toString();
    next = chunk.next;
  }
}

test("reads empty what was never written", async (t) => {
  const output = await OutputFile.open(await tempFolder(t));
  assert.deepEqual(await output.read(0, 10), { bytes: new Uint8Array(), from: 0, next: 0 });
  assert.equal(await output.tail(5), 0);
});

test("reads the same with its head archived as before", async (t) => {
  const folder = await tempFolder(t);
  appendFileSync(join(folder, "output"), lines(0, 9_000));
  const output = await OutputFile.open(folder);
  assert.ok(output.isDue(limits));
  await output.archive(limits);
  assert.ok(!output.isDue(limits));
  assert.ok(readdirSync(join(folder, "segments")).length === 2);
  assert.deepEqual(await readAll(output), { from: 0, text: lines(0, 9_000) });
});

test("frees what is archived, and goes on where it was", {
  skip: process.platform !== "linux",
}, async (t) => {
  const folder = await tempFolder(t);
  appendFileSync(join(folder, "output"), lines(0, 9_000));
  const output = await OutputFile.open(folder);
  await output.archive(limits);
  const { blocks, size } = statSync(join(folder, "output"));
  assert.equal(size, 90_000);
  assert.ok(blocks * 512 < 20_000, `${blocks} blocks`);
  appendFileSync(join(folder, "output"), lines(9_000, 1_000));
  assert.deepEqual(await readAll(output), { from: 0, text: lines(0, 10_000) });
});

test("keeps every line up to the bound, and little more", async (t) => {
  const folder = await tempFolder(t);
  const output = await OutputFile.open(folder);
  for (let i = 0; i < 100; i++) {
    appendFileSync(join(folder, "output"), lines(i * 1_000, 1_000));
    await output.archive(limits);
  }
  const { from, text } = await readAll(output);
  assert.equal(text, lines(from / 10, 100_000 - from / 10));
  assert.ok(text.length >= limits.fileBytesMax * limits.filesMax, `${text.length} kept`);
  assert.ok(text.length <= limits.fileBytesMax * (limits.filesMax + 1), `${text.length} kept`);
});

test("of a writer that outran it keeps the last lines, whole", async (t) => {
  const folder = await tempFolder(t);
  appendFileSync(join(folder, "output"), lines(0, 500_000));
  const output = await OutputFile.open(folder);
  await output.archive(limits);
  const { from, text } = await readAll(output);
  assert.equal(text, lines(from / 10, 500_000 - from / 10));
  assert.ok(text.length > limits.fileBytesMax * limits.filesMax - 10);
});

test("splits a line that is longer than a file, and loses none of it", async (t) => {
  const folder = await tempFolder(t);
  const long = "x".repeat(100_000);
  appendFileSync(join(folder, "output"), long);
  const output = await OutputFile.open(folder);
  await output.archive(limits);
  assert.equal((await readAll(output)).text, long);
});

test("opened anew, it goes on after the last segment", async (t) => {
  const folder = await tempFolder(t);
  appendFileSync(join(folder, "output"), lines(0, 9_000));
  await (await OutputFile.open(folder)).archive(limits);
  // As a crash leaves it: a segment half written, and one whole whose head was not freed yet.
  writeFileSync(join(folder, "segments", "unfinished"), "half");
  const again = await OutputFile.open(folder);
  appendFileSync(join(folder, "output"), lines(9_000, 4_000));
  await again.archive(limits);
  assert.deepEqual(await readAll(again), { from: 0, text: lines(0, 13_000) });
});

test("a crash between a segment and the hole neither loses nor doubles a line", async (t) => {
  const folder = await tempFolder(t);
  appendFileSync(join(folder, "output"), lines(0, 9_000));
  const copy = join(folder, "copy");
  writeFileSync(copy, lines(0, 9_000));
  await (await OutputFile.open(folder)).archive(limits);
  renameSync(copy, join(folder, "output")); // The head is there as if it had never been freed.
  assert.deepEqual(await readAll(await OutputFile.open(folder)), {
    from: 0,
    text: lines(0, 9_000),
  });
});

test("without holes it empties the file, keeps what it archived, and goes on", async (t) => {
  const folder = await tempFolder(t);
  appendFileSync(join(folder, "output"), lines(0, 9_000));
  const output = await OutputFile.open(folder, { punch: async () => false });
  await output.archive(limits);
  appendFileSync(join(folder, "output"), lines(9_000, 500));
  assert.ok(statSync(join(folder, "output")).blocks * 512 < 20_000);
  assert.deepEqual(await readAll(output), { from: 0, text: lines(0, 9_500) });
  assert.deepEqual(await readAll(await OutputFile.open(folder)), {
    from: 0,
    text: lines(0, 9_500),
  });
});

test("the tail begins the last lines, wherever they are, whether or not the last is finished", async (t) => {
  const folder = await tempFolder(t);
  const kept = lines(0, 9_000);
  appendFileSync(join(folder, "output"), kept);
  const output = await OutputFile.open(folder);
  await output.archive(limits);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9_500 }), async (wanted) => {
      assert.equal(await output.tail(wanted), Math.max(0, kept.length - wanted * 10));
    }),
    { numRuns: 30 },
  );
  appendFileSync(join(folder, "output"), "unfinished");
  assert.equal(await output.tail(1), kept.length);
  assert.equal(await output.tail(2), kept.length - 10);
  assert.equal(await output.tail(0), kept.length + 10);
});

test("an output that somebody has put another in the place of is archived from that", async (t) => {
  const folder = await tempFolder(t);
  const output = await OutputFile.open(folder);
  assert.equal(output.isDue(limits), false);
  appendFileSync(join(folder, "output"), "short\n");
  assert.equal(output.isDue(limits), false);
  rmSync(join(folder, "output"));
  appendFileSync(join(folder, "output"), lines(0, 9_000));
  await output.archive(limits);
  assert.ok(readdirSync(join(folder, "segments")).length > 0);
  await output.close();
  assert.equal(output.isDue(limits), false);
});

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readSmallFile, readSmallText } from "../../../src/keeper/small-file.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test("reads a file of any size up to its bound, and nothing of the one read before", async (t) => {
  const folder = await tempFolder(t);
  for (const bytes of [200_000, 65_536, 65_535, 7, 0]) {
    const path = join(folder, `${bytes}`);
    const content = Buffer.alloc(bytes, `${bytes};`);
    await writeFile(path, content);
    assert.ok(readSmallFile(path).equals(content), `${bytes} bytes`);
  }
});

test("reads the files of /proc, whose size no one is told", {
  skip: process.platform !== "linux",
}, () => {
  assert.equal(readSmallText("/proc/self/stat")?.startsWith(`${process.pid} (`), true);
});

test("tells of a file that cannot be read, or has no text to give", async (t) => {
  const missing = join(await tempFolder(t), "missing");
  assert.throws(() => readSmallFile(missing), { code: "ENOENT" });
  assert.equal(readSmallText(missing), undefined);
});

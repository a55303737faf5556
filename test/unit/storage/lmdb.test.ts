import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Unavailable } from "../../../src/core/errors.ts";
import { BatchedStorage } from "../../../src/storage/batched.ts";
import { openLmdb } from "../../../src/storage/lmdb.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { storageSuite } from "../../conformance/storage-suite.ts";
import { tempFolder } from "../../support/temp-folder.ts";

storageSuite("lmdb", openTemporary);

async function openTemporary(t: TestContext) {
  let storage: Storage | undefined;
  t.after(() => storage?.close());
  storage = new BatchedStorage(openLmdb(join(await tempFolder(t), "store")));
  return storage;
}

test("flushes that are asked for together are one", async (t) => {
  const storage = await openTemporary(t);
  storage.put("a", Buffer.from("1"));
  const first = storage.flush();
  assert.equal(storage.flush(), first);
  await first;
  storage.put("b", Buffer.from("2"));
  assert.notEqual(storage.flush(), first);
  await storage.flush();
});

test("a flush with nothing to write resolves", async (t) => {
  const storage = await openTemporary(t);
  await storage.flush();
  await storage.flush();
});

test("a folder that cannot be used is unavailable, by name", async (t) => {
  const file = join(await tempFolder(t), "file");
  await writeFile(file, "");
  assert.throws(
    () => openLmdb(join(file, "store")),
    (error) => error instanceof Unavailable && error.message.includes(file),
  );
});

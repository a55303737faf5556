import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Unavailable } from "../../../src/core/errors.ts";
import { openLmdb } from "../../../src/storage/lmdb.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { storageSuite } from "../../conformance/storage-suite.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const run = promisify(execFile);
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

storageSuite("lmdb", openTemporary);

async function openTemporary(t: TestContext) {
  let storage: Storage | undefined;
  t.after(() => storage?.close());
  storage = openLmdb(join(await tempFolder(t), "store"));
  return storage;
}

test("what was flushed is there when the folder is opened again", async (t) => {
  const folder = join(await tempFolder(t), "store.with.dots");
  const first = openLmdb(folder);
  first.put("kept", Buffer.from("1"));
  await first.flush();
  first.put("never flushed", Buffer.from("2"));
  await first.close();
  const second = openLmdb(folder);
  assert.deepEqual(
    [...second.list("")].map(({ key }) => key),
    ["kept"],
  );
  await second.close();
});

test("a process killed at any moment leaves all that it flushed, and no half of a flush", async (t) => {
  const folder = join(await tempFolder(t), "store");
  for (const killAfter of [1, 20, 57]) {
    const writer = spawn(process.execPath, ["--import", "tsx", script("crash-writer.ts"), folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const gone = new Promise((exited) => writer.once("exit", exited));
    let flushed = 0;
    for await (const line of createInterface({ input: writer.stdout })) {
      flushed = Number(line); // What is still in the pipe when it is killed counts as well.
      if (flushed === killAfter) writer.kill("SIGKILL");
    }
    await gone;
    const storage = openLmdb(folder);
    const [left, right] = ["left", "right"].map((key) => Number(storage.get(key)?.toString()));
    const kept = [...storage.list("n/")].length;
    await storage.close();
    assert.ok(left !== undefined && left >= flushed, `${left} of ${flushed} flushed`);
    assert.equal(right, left);
    assert.ok(kept >= flushed);
  }
});

test("a full disk refuses writes, keeps what it has, and takes writes again when there is room", async (t) => {
  const folder = join(await tempFolder(t), "store");
  // The shell ignores the signal for its child, whose writes past the limit then fail as on a full disk.
  const limited = 'trap "" XFSZ; ulimit -f 2048; exec "$@"';
  const writer = [process.execPath, "--import", "tsx", script("full-disk-writer.ts"), folder];
  const { stdout } = await run("sh", ["-c", limited, "sh", ...writer]);
  assert.deepEqual(JSON.parse(stdout), {
    refusals: ["unavailable", "unavailable"],
    readable: "1",
  });
  const storage = openLmdb(folder);
  const kept = [...storage.list("")].map(({ key }) => key);
  await storage.close();
  assert.deepEqual(kept, ["after", "first"]);
});

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

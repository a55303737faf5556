import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CorruptRecord } from "../../../src/core/errors.ts";
import { silentLog } from "../../../src/core/log.ts";
import { realEnv } from "../../../src/node/real-env.ts";
import { BatchedStorage } from "../../../src/storage/batched.ts";
import { logFile, openDisk } from "../../../src/storage/disk.ts";
import { openLmdb } from "../../../src/storage/lmdb.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { storageSuite } from "../../conformance/storage-suite.ts";
import { committedIn } from "../../support/committed.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const run = promisify(execFile);
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const env = realEnv(silentLog);
const textOf = (storage: Storage, key: string) => Buffer.from(storage.get(key) ?? []).toString();
const keysOf = (storage: Storage) => [...storage.list("")].map(({ key }) => key);

storageSuite("disk", openTemporary);

async function openTemporary(t: TestContext) {
  let storage: Storage | undefined;
  t.after(() => storage?.close());
  storage = openDisk(join(await tempFolder(t), "store"), env);
  return storage;
}

test("what was flushed is there when the folder is opened again", async (t) => {
  const folder = join(await tempFolder(t), "store.with.dots");
  const first = openDisk(folder, env);
  first.put("kept", Buffer.from("1"));
  await first.flush();
  first.put("never flushed", Buffer.from("2"));
  await first.close();
  const second = openDisk(folder, env);
  assert.deepEqual(keysOf(second), ["kept"]);
  await second.close();
});

test("a folder that has no log yet is taken over, and one that was closed can be used without it", async (t) => {
  const folder = join(await tempFolder(t), "store");
  const flush = async (storage: Storage, value: string) => {
    storage.put("key", Buffer.from(value));
    await storage.flush();
  };
  const old = new BatchedStorage(openLmdb(folder));
  await flush(old, "1");
  await old.close();
  const taken = openDisk(folder, env);
  assert.equal(textOf(taken, "key"), "1");
  for (const value of ["2", "3", "4"]) await flush(taken, value);
  await taken.close();
  const back = new BatchedStorage(openLmdb(folder));
  assert.equal(textOf(back, "key"), "4");
  await flush(back, "5");
  await back.close();
  const again = openDisk(folder, env);
  assert.equal(textOf(again, "key"), "5");
  await again.close();
});

test("a process killed at any moment leaves all that it flushed, and no half of a flush", async (t) => {
  const folder = join(await tempFolder(t), "store");
  for (const killAfter of [1, 20, 57]) {
    const { flushed } = await writeUntilKilled(folder, killAfter);
    const image = committedIn(folder); // As another process reads it.
    const storage = openDisk(folder, env);
    const [left, right] = ["left", "right"].map((key) => Number(textOf(storage, key)));
    const kept = [...storage.list("n/")].length;
    assert.deepEqual([...image.keys()].sort(), keysOf(storage).sort());
    await storage.close();
    assert.ok(left !== undefined && left >= flushed, `${left} of ${flushed} flushed`);
    assert.equal(right, left);
    assert.ok(kept >= flushed);
  }
});

async function writeUntilKilled(folder: string, killAfter: number) {
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
  return { flushed };
}

test("a log with damage before what was flushed is refused, by its path and place, and kept", async (t) => {
  const folder = join(await tempFolder(t), "store");
  await writeUntilKilled(folder, 20);
  const path = join(folder, logFile);
  const bytes = await readFile(path);
  bytes[5_000] = (bytes[5_000] ?? 0) ^ 1;
  await writeFile(path, bytes);
  assert.throws(
    () => openDisk(folder, env),
    (error) =>
      error instanceof CorruptRecord && /writes[.]log is damaged at byte \d+/.test(error.message),
  );
  assert.deepEqual(await readFile(path), bytes);
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
  const storage = openDisk(folder, env);
  const kept = keysOf(storage);
  await storage.close();
  assert.deepEqual(kept, ["after", "first"]);
});

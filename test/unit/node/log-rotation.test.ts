import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, closeSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { LogRotation } from "../../../src/node/log-rotation.ts";
import { openNodeLog } from "../../../src/node/node-log.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const bounds = { fileBytesMax: 1_000, filesKept: 2 };

async function open(t: TestContext, before = "") {
  const path = join(await tempFolder(t), "node.log");
  await writeFile(path, before);
  const failures: unknown[] = [];
  const onFailed = (error: unknown) => void failures.push(error);
  const rotation = new LogRotation(path, { ...bounds, onFailed });
  const write = (text: string) => {
    appendFileSync(path, text);
    rotation.wrote(text.length);
  };
  return { path, rotation, write, failures };
}

/** What the log and its former files hold, the oldest first. */
function linesOf(path: string, kept: number): readonly string[] {
  const files = Array.from({ length: kept }, (_, index) => `${path}.${kept - index}`);
  return [...files, path]
    .filter((file) => statSync(file, { throwIfNoEntry: false }) !== undefined)
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => line !== "");
}

test("a full log is kept aside, and what is written meanwhile is lost to neither", async (t) => {
  const { path, rotation, write } = await open(t);
  write(`${"x".repeat(1_000)}\n`);
  for (let number = 0; number < 20; number++) {
    write(`${number}\n`);
    await setImmediate();
  }
  await rotation.settled();
  write("last\n");
  const numbers = Array.from({ length: 20 }, (_, number) => String(number));
  assert.deepEqual(linesOf(path, 2), ["x".repeat(1_000), ...numbers, "last"]);
  assert.ok(statSync(path).size < 1_000);
});

test("no more than so many full logs are kept, each about as large as the bound", async (t) => {
  const { path, rotation, write } = await open(t);
  for (let number = 0; number < 1_000; number++) {
    write(`line ${number}\n`);
    await rotation.settled();
  }
  const files = readdirSync(join(path, ".."));
  assert.deepEqual(files.toSorted(), ["node.log", "node.log.1", "node.log.2"]);
  for (const file of files) assert.ok(statSync(join(path, "..", file)).size < 1_100, file);
  const lines = linesOf(path, 2);
  const first = 1_000 - lines.length;
  assert.deepEqual(
    lines,
    lines.map((_, index) => `line ${first + index}`),
  );
});

test("a log that was left full is rotated at once, and what nobody told of at the next look", async (t) => {
  const { path, rotation, write } = await open(t, `${"x".repeat(5_000)}\n`);
  await rotation.settled();
  assert.equal(statSync(path).size, 0);
  await writeFile(path, `${"y".repeat(5_000)}\n`);
  write("a line longer than a look is far\n");
  await rotation.settled();
  assert.equal(statSync(path).size, 0);
  assert.deepEqual(linesOf(path, 2).slice(0, 2), ["x".repeat(5_000), "y".repeat(5_000)]);
});

test("a log that cannot be kept aside stays whole, and that is told once", async (t) => {
  const { path, rotation, write, failures } = await open(t);
  await mkdir(join(`${path}.unfinished`, "in-the-way"), { recursive: true });
  for (let round = 0; round < 3; round++) {
    write(`${"x".repeat(1_000)}\n`);
    await rotation.settled();
  }
  assert.equal(failures.length, 1);
  assert.equal(statSync(path).size, 3_003);
});

test("a file of JSON that the node has open is rotated under it", async (t) => {
  const path = join(await tempFolder(t), "node.log");
  const { log, close } = openNodeLog({ level: "info", to: { file: path }, bounds });
  for (let number = 0; number < 100; number++) {
    log.info("line", { number });
    await setImmediate();
  }
  close();
  const numbers = linesOf(path, 2).map((line) => JSON.parse(line).number);
  assert.equal(numbers.at(-1), 99);
  assert.ok(statSync(`${path}.1`).size >= 1_000);
});

test("what crashes a process whose standard error was rotated is in the log, after all its lines", async (t) => {
  const path = join(await tempFolder(t), "node.log");
  const log = openSync(path, "a", 0o600);
  const writer = fileURLToPath(new URL("log-writer.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", writer, path], {
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  t.after(() => child.kill("SIGKILL"));
  assert.deepEqual(await once(child, "exit"), [1, null]);
  const text = linesOf(path, 50).join("\n");
  const numbers = [...text.matchAll(/ INFO {2}line (\d+)$/gm)].map(([, number]) => Number(number));
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index),
  );
  assert.match(readFileSync(path, "utf8"), /Error: a bug\n {4}at /);
});

import assert from "node:assert/strict";
import {
  chmodSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { UnusableKey } from "../../../src/trust/errors.ts";
import { openKeyFile } from "../../../src/trust/key-file.ts";
import { createNodeKey, openNodeKey } from "../../../src/trust/node-key.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

async function fileIn(t: TestContext, name: string): Promise<string> {
  return join(await tempFolder(t), "home", name);
}

function refuses(open: () => unknown, what: RegExp): Promise<void> {
  return assert.rejects(
    async () => open(),
    (error) => {
      assert.ok(error instanceof UnusableKey, String(error));
      assert.match(error.message, what);
      return true;
    },
  );
}

test("a network's key is made once, for its owner alone, and is the same from then on", async (t) => {
  const file = await fileIn(t, "network.key");
  const made = openKeyFile(file);
  assert.equal(modeOf(file), "600");
  assert.deepEqual(openKeyFile(file), made);
  assert.match(made.network, /^[0-9a-f]{64}$/);
  assert.notDeepEqual(openKeyFile(`${file}2`), made);
});

test("nodes that start at once make one network, and leave no other file", async (t) => {
  const file = await fileIn(t, "network.key");
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    parentPort.once("message", async () => {
      const { register } = await import(workerData.tsx);
      register();
      const { openKeyFile } = await import(workerData.module);
      parentPort.postMessage(openKeyFile(workerData.file).network);
    });`;
  const workerData = {
    file,
    tsx: import.meta.resolve("tsx/esm/api"),
    module: import.meta.resolve("../../../src/trust/key-file.ts"),
  };
  const workers = Array.from({ length: 4 }, () => new Worker(code, { eval: true, workerData }));
  const networks = await Promise.all(
    workers.map(
      (worker) =>
        new Promise((told, failed) => {
          worker.once("message", told).once("error", failed);
          worker.postMessage("go");
        }),
    ),
  );
  await Promise.all(workers.map((worker) => worker.terminate()));
  assert.deepEqual(new Set(networks), new Set([openKeyFile(file).network]));
  assert.deepEqual(readdirSync(join(file, "..")), ["network.key"]);
});

test("a key file that others can read, or that is none, is refused by name and with what to do", async (t) => {
  const file = await fileIn(t, "network.key");
  openKeyFile(file);
  const text = readFileSync(file, "utf8");
  for (const mode of [0o640, 0o604, 0o660, 0o602]) {
    chmodSync(file, mode);
    await refuses(() => openKeyFile(file), /network\.key.*chmod 600/);
  }
  chmodSync(file, 0o600);
  const wrong = [
    "",
    "x",
    text.slice(0, -1),
    `${text}more`,
    text.replace(/\nkey .{4}/, "\nkey "),
    "x".repeat(300_000),
  ];
  for (const content of wrong) {
    writeFileSync(file, content);
    await refuses(() => openKeyFile(file), /network\.key is (not the key|too long)/);
  }
  await refuses(() => openKeyFile(join(file, "..")), /home/);
});

test("a node's key is made once, for its owner alone, and names the node", async (t) => {
  const file = await fileIn(t, "node.pem");
  const made = await openNodeKey(file);
  assert.equal(modeOf(file), "600");
  assert.deepEqual(await openNodeKey(file), made);
  assert.match(made.id, /^[0-9a-f]{32}$/);
  assert.notEqual((await createNodeKey()).id, made.id);
});

test("a node's key whose certificate is another's, is cut short or can be read by others is refused", async (t) => {
  const file = await fileIn(t, "node.pem");
  const made = await openNodeKey(file);
  const other = await createNodeKey();
  const wrong = {
    "another key": made.privateKey + other.certificate,
    "does not hold": made.privateKey,
    "cannot be read": made.privateKey.replace(/\n.{30}/, "\n!") + made.certificate,
  };
  for (const [what, content] of Object.entries(wrong)) {
    writeFileSync(file, content);
    await refuses(() => openNodeKey(file), new RegExp(`node\\.pem.*${what}`));
  }
  chmodSync(file, 0o644);
  await refuses(() => openNodeKey(file), /chmod 600/);
});

test("a link to a key is followed, and the file itself is what must be for its owner alone", async (t) => {
  const file = await fileIn(t, "network.key");
  const made = openKeyFile(file);
  symlinkSync(file, `${file}.link`);
  assert.deepEqual(openKeyFile(`${file}.link`), made);
  assert.match(readFileSync(file, "utf8"), /^# .*keep it to yourself/);
});

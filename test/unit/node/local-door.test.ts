import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseRunFile } from "../../../src/api/run-file.ts";
import { localDoor, socketPathBytesMax } from "../../../src/node/local-door.ts";
import { tempFolder } from "../../support/temp-folder.ts";

async function folders(t: TestContext, dataName = "data") {
  const home = await tempFolder(t);
  const data = join(home, dataName);
  mkdirSync(data);
  return { data, run: join(home, "run") };
}

test("the socket is in the data folder, and the run file of the port leads to it", async (t) => {
  const { data, run } = await folders(t);
  const door = localDoor(data, run, 6666);
  assert.equal(door.socketPath, join(data, "api.sock"));
  door.announce();
  const file = join(run, "6666");
  assert.deepEqual(parseRunFile(readFileSync(file, "utf8")), {
    socket: door.socketPath,
    pid: process.pid,
  });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(run).mode & 0o777, 0o700);
  door.remove();
  assert.deepEqual(readdirSync(run), []);
});

test("what a node that was killed left is taken over, and what another has since put there stays", async (t) => {
  const { data, run } = await folders(t);
  mkdirSync(run);
  const file = join(run, "6666");
  writeFileSync(file, "left over");
  const door = localDoor(data, run, 6666);
  door.announce();
  assert.equal(parseRunFile(readFileSync(file, "utf8"))?.pid, process.pid);
  writeFileSync(file, JSON.stringify({ socket: "/elsewhere", pid: 1 }));
  door.remove();
  assert.ok(existsSync(file));
});

test("a path too long for a socket leads to a short folder of the user's alone, removed with the node", async (t) => {
  const { data, run } = await folders(t, "d".repeat(120));
  const door = localDoor(data, run, 6666);
  const folder = dirname(door.socketPath);
  assert.ok(Buffer.byteLength(door.socketPath) <= socketPathBytesMax);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(readlinkSync(join(data, "api.sock")), folder);
  door.remove();
  assert.ok(!existsSync(folder));
  assert.equal(lstatSync(join(data, "api.sock"), { throwIfNoEntry: false }), undefined);
});

test("the short folder goes with the node where its data folder has gone before", async (t) => {
  const { data, run } = await folders(t, "d".repeat(120));
  const door = localDoor(data, run, 6666);
  rmSync(data, { recursive: true });
  door.remove();
  assert.ok(!existsSync(dirname(door.socketPath)));
});

test("the short folder of a node that was killed goes at the next start", async (t) => {
  const { data, run } = await folders(t, "d".repeat(120));
  const killed = dirname(localDoor(data, run, 6666).socketPath);
  const door = localDoor(data, run, 6666);
  t.after(() => door.remove());
  assert.ok(!existsSync(killed));
  assert.ok(existsSync(dirname(door.socketPath)));
});

test("a link that leads elsewhere is removed, and what it leads to is not", async (t) => {
  const { data, run } = await folders(t);
  const precious = join(run, "..", "precious");
  mkdirSync(precious);
  writeFileSync(join(precious, "file"), "x");
  symlinkSync(precious, join(data, "api.sock"));
  localDoor(data, run, 6666);
  assert.ok(existsSync(join(precious, "file")));
  assert.ok(!existsSync(join(data, "api.sock")));
});

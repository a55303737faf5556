import assert from "node:assert/strict";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { formatRunFile, parseRunFile } from "../../../src/api/run-file.ts";
import { findLocalNode } from "../../../src/client/local-node.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test("what a node writes is what its user's commands read", async (t) => {
  const run = await tempFolder(t);
  const socket = join(run, "api.sock");
  writeFileSync(join(run, "6666"), formatRunFile({ socket, pid: 1 }));
  assert.deepEqual(findLocalNode(run, 6666), { kind: "local", port: 6666, socketPath: socket });
});

test("where no node of the user's runs, they are told how to start one", async (t) => {
  const run = await tempFolder(t);
  const none = {
    code: "unreachable",
    message: /no node of yours runs on port 6666 .*`mob -p 6666`/,
  };
  assert.throws(() => findLocalNode(run, 6666), none);
  assert.throws(() => findLocalNode(join(run, "none"), 6666), none);
});

test("a run file that no node wrote is told as such, whatever is in it", async (t) => {
  const run = await tempFolder(t);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      writeFileSync(join(run, "6666"), text);
      assert.throws(() => findLocalNode(run, 6666), { code: "unreachable" });
    }),
    { numRuns: 50 },
  );
  assert.equal(parseRunFile(JSON.stringify({ socket: "relative", pid: 1 })), undefined);
});

test("a node of another user is refused, and who it is told", async (t) => {
  if (process.getuid?.() !== 0) return; // Only root can make another's file, as in CI.
  const run = await tempFolder(t);
  const socket = join(run, "api.sock");
  const file = join(run, "6666");
  writeFileSync(file, formatRunFile({ socket, pid: 1 }));
  chownSync(file, 12_345, 12_345);
  const others = { code: "forbidden", message: /is of another user \(12345; you are 0\)/ };
  assert.throws(() => findLocalNode(run, 6666), others);
  chownSync(file, 0, 0);
  mkdirSync(socket);
  chownSync(socket, 12_345, 12_345);
  assert.throws(() => findLocalNode(run, 6666), others);
});

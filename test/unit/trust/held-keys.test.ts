import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Conflict } from "../../../src/core/errors.ts";
import { HeldKeys } from "../../../src/trust/held-keys.ts";
import { keyFileStore, openKeyFile, readKeyFile } from "../../../src/trust/key-file.ts";
import {
  digestOf,
  firstRotation,
  installKey,
  type KeyRotation,
  keyIdOf,
  liveKeys,
  removeKey,
  replaceKeys,
  useKey,
} from "../../../src/trust/key-rotation.ts";
import { formatKeys } from "../../../src/trust/key-text.ts";
import { ManualEnv } from "../../support/manual-env.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { keyOf, keysOf } from "./rings.ts";

const zeros = (length: number) => new Uint8Array(length).fill(1);

/** A node of this user: they all share the file. */
function node(file: string, env = new ManualEnv()) {
  return new HeldKeys(keyFileStore(file), openKeyFile(file, zeros), env.log);
}

function ids(ring: KeyRotation): string[] {
  return liveKeys(ring).map(({ id }) => id);
}

test("the file is made once, for its owner alone", async (t) => {
  const file = join(await tempFolder(t), "home", "network.key");
  const made = openKeyFile(file, zeros);
  assert.deepEqual(digestOf(openKeyFile(file, () => zeros(32).fill(2)).ring), digestOf(made.ring));
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("what one node of a user changes, the others have at their next handshake", async (t) => {
  const file = join(await tempFolder(t), "network.key");
  const [a, b] = [node(file), node(file)];
  await a.change((ring) => installKey(ring, keyOf(5)));
  assert.deepEqual(ids(b.keys.ring), ids(a.keys.ring));
  assert.equal(b.accepted().length, 2);
});

test("nodes of one user that rotate at the same moment lose no one's key", async (t) => {
  const file = join(await tempFolder(t), "network.key");
  const nodes = Array.from({ length: 6 }, () => node(file));
  await Promise.all(nodes.map((each, i) => each.change((ring) => installKey(ring, keyOf(20 + i)))));
  const kept = readKeyFile(file);
  assert.equal(kept && liveKeys(kept.ring).length, 7);
  for (const each of nodes) assert.equal(each.accepted().length, 7);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("a change that fails changes neither the file nor what is held", async (t) => {
  const file = join(await tempFolder(t), "network.key");
  const held = node(file);
  const before = readFileSync(file, "utf8");
  await assert.rejects(
    held.change((ring) => removeKey(ring, ids(ring)[0] ?? "", [])),
    Conflict,
  );
  assert.equal(readFileSync(file, "utf8"), before);
  assert.equal(held.accepted().length, 1);
});

test("a file that was damaged under a running node is told, and the node goes on with its keys", async (t) => {
  const folder = await tempFolder(t);
  const file = join(folder, "network.key");
  const env = new ManualEnv();
  const held = node(file, env);
  held.accepted();
  writeFileSync(file, "nonsense");
  assert.equal(held.accepted().length, 1);
  assert.equal(held.accepted().length, 1);
  assert.equal(env.lines.filter(({ level }) => level === "error").length, 1);
  await assert.rejects(
    held.change((ring) => installKey(ring, keyOf(5))),
    /is not the key of a network/,
  );
  assert.deepEqual(readdirSync(folder), ["network.key"]);
});

test("a file that became another network's is neither followed nor overwritten", async (t) => {
  const file = join(await tempFolder(t), "network.key");
  const env = new ManualEnv();
  const held = node(file, env);
  const other = formatKeys(keysOf(firstRotation(keyOf(9))));
  writeFileSync(file, other);
  assert.notDeepEqual(held.accepted()[0]?.secret, keyOf(9).reveal());
  await assert.rejects(
    held.change((ring) => installKey(ring, keyOf(5))),
    Conflict,
  );
  assert.equal(readFileSync(file, "utf8"), other);
  assert.ok(env.lines.some(({ level }) => level === "error"));
});

test("a rotation replaces no one; keys that replace all others do, also through the file", async (t) => {
  const file = join(await tempFolder(t), "network.key");
  const [a, b] = [node(file), node(file)];
  let replaced = 0;
  for (const each of [a, b]) {
    each.onReplaced(() => {
      replaced += 1;
    });
  }
  const [first = ""] = ids(a.keys.ring);
  await a.change((ring) => installKey(ring, keyOf(5)));
  b.accepted();
  await a.change((ring) => useKey(ring, keyIdOf(keyOf(5)), []));
  await a.change((ring) => removeKey(ring, first, []));
  b.accepted();
  assert.equal(replaced, 0);

  await a.change((ring) => replaceKeys(ring, keyOf(6)));
  b.accepted();
  assert.equal(replaced, 2);
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { bytesLeftAt, RoomLeft } from "../../../src/keeper/room-left.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const mib = 1024 * 1024;

test("tells of much that is taken at once, or little by little, and else one time of five", () => {
  let left = 100 * mib;
  const room = new RoomLeft(() => left);
  const after = (bytes: number) => {
    left -= bytes;
    return room.isMuchTaken();
  };
  assert.deepEqual([0, 0, 0, 0, 0, 0].map(after), [true, false, false, false, false, true]);
  assert.deepEqual([2 * mib, 0, mib / 2, mib / 2].map(after), [true, false, false, true]);
});

test("what was freed meanwhile is counted from then on, and what was freed by oneself can be left out", () => {
  let left = 100 * mib;
  const room = new RoomLeft(() => left);
  room.isMuchTaken();
  left += 50 * mib;
  assert.equal(room.isMuchTaken(), false);
  left -= mib;
  assert.equal(room.isMuchTaken(), true);
  left += mib;
  room.forget();
  assert.equal(room.isMuchTaken(), true);
});

test("asks the disk itself, and takes one that cannot be asked for full", async (t) => {
  const folder = await tempFolder(t);
  assert.ok(bytesLeftAt(folder) > 0);
  assert.equal(bytesLeftAt(join(folder, "missing")), 0);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { PullProgress } from "../../../../src/providers/docker/pull-progress.ts";

const line = (id: string, current: number, total: number) => ({
  id,
  status: "Downloading",
  progressDetail: { current, total },
});

test("tells the first word at once, and of a burst not each", () => {
  const progress = new PullProgress();
  assert.equal(progress.take(line("a", 1e6, 4e6)), "1.0 of 4.0 MB in 1 layers");
  assert.equal(progress.take(line("b", 1e6, 4e6)), undefined);
});

test("lines that tell no amount are passed over", () => {
  const progress = new PullProgress();
  for (const other of [
    { status: "Pulling from web" },
    { id: "a", progressDetail: {} },
    "x",
    null,
  ]) {
    assert.equal(progress.take(other), undefined);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { asInstanceId } from "../../../src/core/ids.ts";
import type { PidHandle } from "../../../src/keeper/kept-task.ts";
import { taskKey } from "../../../src/keeper/record-names.ts";
import { Starts } from "../../../src/keeper/starts.ts";

const one = asInstanceId("00112233aabbccdd");
const other = asInstanceId("ffeeddccbbaa9988");

/** A start that is under way until it is settled. */
function slowStart() {
  let begun = 0;
  let succeed = (_handle: PidHandle) => {};
  let fail = (_error: Error) => {};
  const begin = () => {
    begun++;
    return new Promise<PidHandle>((resolve, reject) => {
      succeed = resolve;
      fail = reject;
    });
  };
  return {
    begin,
    times: () => begun,
    succeed: (pid: number) => succeed({ pid }),
    fail: () => fail(new Error("no room")),
  };
}

test("a start that is asked for again while it is under way is begun once", async () => {
  const starts = new Starts();
  const start = slowStart();
  const both = [1, 2].map(() => starts.once(taskKey(one, 1), start.begin));
  start.succeed(7);
  assert.deepEqual(await Promise.all(both), [{ pid: 7 }, { pid: 7 }]);
  assert.equal(start.times(), 1);
});

test("a start that has failed is over, and the next begins anew", async () => {
  const starts = new Starts();
  const start = slowStart();
  const failing = starts.once(taskKey(one, 1), start.begin);
  const over = starts.over(taskKey(one, 1));
  start.fail();
  await assert.rejects(failing, /no room/);
  await over;
  assert.ok(!starts.has(taskKey(one, 1)));
  void starts.once(taskKey(one, 1), start.begin);
  assert.equal(start.times(), 2);
});

test("who waits for the starts of an instance waits for all of its own, and for no other", async () => {
  const starts = new Starts();
  const [first, second, foreign] = [slowStart(), slowStart(), slowStart()];
  void starts.once(taskKey(one, 1), first.begin);
  starts.once(taskKey(one, 2), second.begin).catch(() => {});
  void starts.once(taskKey(other, 1), foreign.begin);
  const seen: string[] = [];
  const own = starts.allOver(one).then(() => seen.push("its own"));
  const all = starts.allOver().then(() => seen.push("all"));
  first.succeed(1);
  await starts.over(taskKey(one, 1));
  assert.deepEqual(seen, []);
  second.fail();
  await own;
  assert.deepEqual(seen, ["its own"]);
  foreign.succeed(2);
  await all;
  assert.deepEqual(seen, ["its own", "all"]);
});

/** What the tasks of third parties tell of themselves while they run, over the deaths of their process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Provider, Task } from "../../../../src/providers/provider.ts";
import { eventually } from "../../../support/eventually.ts";
import { again, harmful, instance } from "../../../support/harmful-provider.ts";

const found = { instance, attempt: 1, handle: {} };

/** Takes the task over in a node that is busy, and reads all that has come at once. */
async function adoptBusily(provider: Provider): Promise<Task> {
  const adopting = provider.adopt(found);
  const untilMs = performance.now() + 500;
  while (performance.now() < untilMs);
  const task = await adopting;
  assert.ok(!("gone" in task));
  return task;
}

/** A provider whose every task tells what `list` is asked for, one after the other. */
const telling = (told: string) => `
  list: async () => {
    const next = [${told}].at((globalThis.asked = (globalThis.asked ?? -1) + 1));
    if (next === "die") process.exit(9);
    if (next !== undefined) (next.healthy === undefined ? globalThis.tell(next.why) : globalThis.change(next));
    return [];
  },
  adopt: async () => ({
    handle: {}, startedAt: 1, exited: new Promise(() => {}), release() {}, stop: nothing,
    health: { now: { healthy: null, why: "it starts" }, watch(changed) { globalThis.change = changed; } },
    watch(tell) { globalThis.tell = tell; tell(undefined); },
  }),`;

test("a task tells its health and its condition, and each change once, also over a crash", async (t) => {
  const told = `{ healthy: true }, { healthy: true }, { why: "a disk is gone" }, { why: "a disk is gone" }, "die"`;
  const { provider } = await harmful(t, telling(told));
  const task = await provider.adopt(found);
  assert.ok(!("gone" in task));
  assert.deepEqual(task.health?.now, { healthy: null, why: "it starts" });
  const changes: unknown[] = [];
  task.health?.watch((health) => changes.push(health));
  task.watch?.((why) => changes.push(why));

  for (let n = 0; n < 4; n++) await provider.list();
  await eventually(() => changes.length >= 2, "the changes");
  assert.deepEqual(changes.splice(0), [{ healthy: true }, "a disk is gone"]);
  assert.deepEqual(task.health?.now, { healthy: true });

  await assert.rejects(provider.list(), /exit code 9/);
  await again(() => provider.list()); // The next process has it start anew, and do all.
  await eventually(() => changes.length >= 3, "what the next process tells");
  const healths = changes.filter((change) => change !== undefined);
  assert.deepEqual(healths, [{ healthy: null, why: "it starts" }, { healthy: true }]);
});

test("what a task tells as it is taken over is not undone by what it was a moment before", async (t) => {
  const { provider } = await harmful(
    t,
    `adopt: async () => ({
      handle: {}, startedAt: 1, exited: new Promise(() => {}), release() {}, stop: nothing,
      health: { now: { healthy: null }, watch(changed) { setImmediate(changed, { healthy: true }); } },
    }),`,
  );
  const task = await adoptBusily(provider);
  await eventually(() => task.health?.now.healthy === true, "its health");
});

test("a task that ends as it is taken over is held no more", async (t) => {
  const { provider } = await harmful(
    t,
    `adopt: async () => ({
      handle: {}, startedAt: 1, release() {}, stop: nothing,
      exited: Promise.resolve({ exit: { kind: "exited", code: 3 }, atMs: 2 }),
    }),`,
  );
  const task = await adoptBusily(provider);
  assert.deepEqual(await task.exited, { exit: { kind: "exited", code: 3 }, atMs: 2 });
  await provider.forget(found.instance, found.attempt);
});

test("what is no health and no condition is left out, and the task goes on", async (t) => {
  const told = `{ healthy: "yes" }, { healthy: false, why: 7 }, { why: {} }, { healthy: false, why: "ill" }`;
  const { provider } = await harmful(t, telling(told));
  const task = await provider.adopt(found);
  assert.ok(!("gone" in task));
  const changes: unknown[] = [];
  task.health?.watch((health) => changes.push(health));
  task.watch?.((why) => changes.push(why));
  for (let n = 0; n < 4; n++) await provider.list();
  await eventually(() => changes.length >= 1, "the one that is");
  assert.deepEqual(changes, [{ healthy: false, why: "ill" }]);
});

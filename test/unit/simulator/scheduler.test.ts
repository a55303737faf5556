import assert from "node:assert/strict";
import { test } from "node:test";
import { type Owner, Scheduler } from "../../../src/simulator/scheduler.ts";
import { VirtualClock } from "../../../src/simulator/virtual-clock.ts";
import { runUntil } from "../../../src/simulator/virtual-time.ts";

test("events happen in the order of their times, and of one time in the order they were put there", async () => {
  const scheduler = new Scheduler();
  const seen: string[] = [];
  for (const [ms, what] of [
    [5, "d"],
    [1, "a"],
    [3, "b"],
    [3, "c"],
  ] as const) {
    scheduler.after(ms, () => seen.push(what));
  }
  await runUntil(scheduler, 10);
  assert.deepEqual(seen, ["a", "b", "c", "d"]);
  assert.equal(scheduler.now, 10);
});

test("a promise that an event settles has run to its end before the next event", async () => {
  const scheduler = new Scheduler();
  const seen: string[] = [];
  scheduler.after(1, () => {
    void Promise.resolve()
      .then(() => undefined)
      .then(() => seen.push("promise"));
  });
  scheduler.after(1, () => seen.push("event"));
  await runUntil(scheduler, 10);
  assert.deepEqual(seen, ["promise", "event"]);
});

test("nothing of a dead owner happens", async () => {
  const scheduler = new Scheduler();
  const owner: Owner = { name: "a", dead: false };
  const seen: string[] = [];
  scheduler.after(2, () => seen.push("late"), owner);
  scheduler.after(1, () => {
    owner.dead = true;
  });
  await runUntil(scheduler, 10);
  assert.deepEqual(seen, []);
});

test("an owner that was stalled finds its timers first, then what came from outside", async () => {
  const scheduler = new Scheduler();
  const owner: Owner = { name: "a", dead: false, stalledUntil: 100 };
  const seen: string[] = [];
  const see = (what: string) => () => seen.push(`${what} at ${scheduler.now}`);
  scheduler.after(10, see("frame 1"), owner);
  scheduler.after(20, see("timer 1"), owner, "timer");
  scheduler.after(30, see("frame 2"), owner);
  scheduler.after(40, see("timer 2"), owner, "timer");
  scheduler.after(50, see("another"));
  await runUntil(scheduler, 200);
  assert.deepEqual(seen, [
    "another at 50",
    "timer 1 at 100",
    "timer 2 at 100",
    "frame 1 at 100",
    "frame 2 at 100",
  ]);
});

test("a clock that drifts counts faster, and its wall clock jumps where it is set", () => {
  const scheduler = new Scheduler();
  const clock = new VirtualClock(scheduler);
  const startedAt = clock.wall();
  scheduler.now = 1_000;
  clock.drift(100_000);
  scheduler.now = 2_000;
  assert.equal(Math.round(clock.mono()), 2_100);
  assert.equal(Math.round(clock.virtualMs(110)), 100);
  clock.setWall(-500);
  assert.equal(Math.round(clock.wall() - startedAt), 1_500);
  assert.equal(Math.round(clock.mono()), 2_100);
});

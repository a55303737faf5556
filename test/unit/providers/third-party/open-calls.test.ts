import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenCalls } from "../../../../src/providers/third-party/open-calls.ts";

const forEver = { deadline: undefined, late: () => {}, progress: undefined };

test("each call has the answer to its own number, and the first alone", async () => {
  const calls = new OpenCalls();
  const [one, other] = [calls.open(forEver), calls.open(forEver)];
  calls.resolve(other.call, "other");
  calls.reject(one.call, new Error("one"));
  calls.resolve(one.call, "too late");
  assert.equal(await other.reply, "other");
  await assert.rejects(one.reply, /one/);
});

test("once none will be answered all that are open fail", async () => {
  const calls = new OpenCalls();
  const replies = [1, 2].map(() => calls.open(forEver).reply);
  calls.rejectAll(new Error("away"));
  for (const reply of replies) await assert.rejects(reply, /away/);
});

test("a call that is late is told by its number, and stays open until somebody settles it", async () => {
  const calls = new OpenCalls();
  const deadline = { ms: 1, fails: "call" } as const;
  const late = (call: number) => calls.resolve(call, "was late");
  const { reply } = calls.open({ ...forEver, deadline, late });
  assert.equal(await reply, "was late");
});

test("progress is told to who asked, while the call is open", async () => {
  const calls = new OpenCalls();
  const seen: string[] = [];
  const { call, reply } = calls.open({ ...forEver, progress: (text) => seen.push(text) });
  calls.progress(call, "half");
  calls.resolve(call, undefined);
  calls.progress(call, "more");
  await reply;
  assert.deepEqual(seen, ["half"]);
});

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { asInstanceId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { OutputHead } from "../../../src/core/output-head.ts";
import { Keeper } from "../../../src/keeper/keeper.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const instance = asInstanceId("0123456789abcdef");
const limits = { memoryBytes: 64 * 1_024 * 1_024, milliCpus: 500 };
const { PATH = "/usr/bin:/bin" } = process.env;
const command = { command: ["/bin/sleep", "1000"], env: {} };

async function opened(t: TestContext, cgroups = true) {
  const alive = setInterval(() => {}, 1_000); // A keeper alone keeps no process running.
  let keeper: Keeper | undefined;
  // Before the folder goes: hooks run in the order of registration.
  t.after(async () => {
    clearInterval(alive);
    await keeper?.remove(instance);
    await keeper?.close();
  });
  const folder = await tempFolder(t);
  keeper = new Keeper({ folder, log: silentLog, env: { PATH }, cgroups });
  return { folder, keeper };
}

/** As the kernel tells of a process: the paths of its groups. */
function groupsOf(text: string): readonly string[] {
  return text.split("\n").map((line) => line.split(":").slice(2).join(":"));
}

/** The groups of version 1 of a task. */
function notedIn(folder: string, key: string): readonly string[] {
  const text = readFileSync(join(folder, "records", `${key}.limits`), "utf8");
  return text.split("\n").filter((group) => group !== "");
}

test("without cgroups a task with limits is refused with the reason, and nothing of it is left", async (t) => {
  const { folder, keeper } = await opened(t, false);
  assert.equal(keeper.whyNoLimits, "no cgroup can be written here");
  await assert.rejects(
    keeper.start(instance, 1, { ...command, limits }),
    /^Unavailable: what it uses cannot be limited here: no cgroup can be written here/,
  );
  assert.deepEqual(await keeper.list(), []);
  assert.deepEqual(readdirSync(join(folder, "records")), []);
});

test("a task and what runs beside it are in the groups that limit it, which go with it", async (t) => {
  const { folder, keeper } = await opened(t);
  if (keeper.whyNoLimits !== undefined) {
    t.skip(keeper.whyNoLimits);
    return;
  }
  const { pid } = await keeper.start(instance, 1, { ...command, limits });
  const key = `${instance}.1`;
  const noted = notedIn(folder, key);
  assert.ok(noted.every((group) => existsSync(group)));
  const own = groupsOf(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  const limiting = own.filter((group) => basename(group) === key);
  assert.ok(limiting.length > noted.length, "and the one of all");
  await keeper.adopt(instance, 1);
  const beside = { command: ["/bin/cat", "/proc/self/cgroup"], env: {} };
  const head = new OutputHead(10_000);
  await keeper.exec(instance, 1, beside, {
    signal: new AbortController().signal,
    output: (bytes) => head.add(bytes),
  });
  assert.deepEqual(groupsOf(head.text), own);
  await keeper.remove(instance);
  for (const group of noted) {
    assert.ok(!existsSync(group), group);
    assert.ok(!existsSync(dirname(group)), "nor is the keeper's own");
  }
});

test("what limits a task is found and removed by another life of its keeper", async (t) => {
  const { folder, keeper } = await opened(t);
  if (keeper.whyNoLimits !== undefined) {
    t.skip(keeper.whyNoLimits);
    return;
  }
  await keeper.start(instance, 1, { ...command, limits });
  const noted = notedIn(folder, `${instance}.1`);
  await keeper.close();
  const next = new Keeper({ folder, log: silentLog, env: { PATH } });
  await next.remove(instance);
  await next.close();
  assert.deepEqual(noted.filter(existsSync), []);
});

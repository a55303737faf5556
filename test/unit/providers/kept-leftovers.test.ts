import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { asInstanceId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { findBases } from "../../../src/keeper/cgroup-bases.ts";
import { keeperIdOf } from "../../../src/keeper/keeper-folder.ts";
import { createBash } from "../../../src/providers/bash/bash.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { eventually } from "../../support/eventually.ts";
import { markedProcesses } from "../../support/marked-processes.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const { PATH = "/usr/bin:/bin" } = process.env;
const instance = asInstanceId(randomBytes(8).toString("hex"));

/** A provider whose one task runs `script`, and which then goes away with its folder, `bash`. */
async function leaveBehind(t: TestContext, script: string) {
  const mark = randomBytes(8).toString("hex");
  const tasks = () => markedProcesses(`TEST_MARK=${mark}`);
  const alive = setInterval(() => {}, 1_000); // What a provider waits for keeps no process running.
  t.after(() => {
    clearInterval(alive);
    for (const pid of tasks()) process.kill(pid, "SIGKILL");
  });
  const folder = join(await tempFolder(t), "bash");
  const open = (at: string): Provider => {
    const provider = createBash({ folder: at, node: "tested", env: { PATH }, log: silentLog });
    t.after(() => provider.close());
    return provider;
  };
  const before = open(folder);
  const logs = { fileBytesMax: 1e7, filesMax: 5 };
  const context = { service: "tested", attempt: 1, env: { TEST_MARK: mark }, logs };
  await before.start(instance, before.parseParams({ command: script }), context);
  await eventually(() => tasks().length > 0, "the task");
  const group = findBases(`mob-${keeperIdOf(folder)}`).unified;
  const cgroup = group && join(group, `${instance}.1`);
  if (cgroup !== undefined) {
    await eventually(() => existsSync(cgroup), "its cgroup");
    t.after(async () => {
      await eventually(() => tasks().length === 0, "the end of the task");
      for (const left of [cgroup, dirname(cgroup)]) await rmdir(left).catch(() => {}); // Mostly it is gone.
    });
  }
  await before.close();
  await rm(folder, { recursive: true });
  return { open, folder, cgroup, tasks };
}

/** What a provider finds of the test's own task. */
async function found({ leftovers }: Provider) {
  assert.ok(leftovers !== undefined);
  const ours = (await leftovers.list()).filter((one) => one.instance === instance);
  return { leftovers, ours };
}

test("what a folder that was made anew knows nothing of is an orphan", async (t) => {
  const { open, folder, cgroup, tasks } = await leaveBehind(t, "sleep 1000");
  const { leftovers, ours } = await found(open(folder));
  assert.deepEqual(
    ours.map((one) => [one.folder, one.isOrphan]),
    [[folder, true]],
  );
  await leftovers.remove(ours[0]?.id ?? "");
  assert.deepEqual(tasks(), []);
  if (cgroup !== undefined) assert.ok(!existsSync(cgroup));
});

test("a task of a version that told no folder is told by its shim", async (t) => {
  const script = "unset MOB_KEEPER MOB_PROVIDER; exec sleep 1000";
  const { open, folder, tasks } = await leaveBehind(t, script);
  const other = open(`${folder}-other`);
  const isWithout = () => markedProcesses("MOB_PROVIDER=bash", `MOB_INSTANCE=${instance}`);
  await eventually(() => isWithout().length === 0, "a task without the variables");
  const { leftovers, ours } = await found(other);
  assert.deepEqual(
    ours.map((one) => [one.folder, one.isOrphan]),
    [[folder, true]],
  );
  for (const { id } of ours) await leftovers.remove(id);
  assert.deepEqual(tasks(), []);
});

test("the tasks of another provider's kind are not its own to remove", async (t) => {
  const { open, folder, tasks } = await leaveBehind(t, "MOB_PROVIDER=exec exec sleep 1000");
  const isOther = () => markedProcesses("MOB_PROVIDER=exec", `MOB_INSTANCE=${instance}`);
  await eventually(() => isOther().length === 1, "a task of exec's");
  const { ours } = await found(open(`${folder}-other`));
  assert.deepEqual(ours, []);
  assert.equal(tasks().length, 1);
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Conflict, Unavailable } from "../../../src/core/errors.ts";
import { asInstanceId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { findBases } from "../../../src/keeper/cgroup-bases.ts";
import { Keeper } from "../../../src/keeper/keeper.ts";
import { readBootId, readStat } from "../../../src/keeper/process-identity.ts";
import { eventually } from "../../support/eventually.ts";
import { removeLeftoverCgroups } from "../../support/leftover-cgroups.ts";
import { commandOf, markedProcesses } from "../../support/marked-processes.ts";
import { processAlive } from "../../support/process-alive.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const instance = asInstanceId("00112233aabbccdd");
const { PATH = "/usr/bin:/bin" } = process.env;
const cgroupsHere = findBases("mob-test").unified !== undefined;

async function startKeeper(t: TestContext, cgroups = true) {
  const alive = setInterval(() => {}, 1_000);
  const keepers: Keeper[] = [];
  const mark = randomBytes(8).toString("hex");
  t.after(async () => {
    await keepers.at(-1)?.remove(instance);
    for (const keeper of keepers) await keeper.close();
    clearInterval(alive);
    await eventually(() => markedProcesses(`TEST_MARK=${mark}`).length === 0, "nothing left");
    if (cgroupsHere) await removeLeftoverCgroups(folder);
  });
  const folder = await tempFolder(t);
  const open = () => {
    const keeper = new Keeper({ folder, log: silentLog, env: { PATH, TEST_MARK: mark }, cgroups });
    keepers.push(keeper);
    return keeper;
  };
  return { folder, open, mark, keeper: open() };
}

/** Without shims and the nursery. */
function taskProcesses(mark: string): readonly number[] {
  return markedProcesses(`TEST_MARK=${mark}`, `MOB_INSTANCE=${instance}`);
}

function shims(mark: string): readonly number[] {
  return markedProcesses(`TEST_MARK=${mark}`).filter((pid) =>
    commandOf(pid).startsWith("/bin/sh\0"),
  );
}

function nurseries(mark: string): readonly number[] {
  return markedProcesses(`TEST_MARK=${mark}`).filter((pid) =>
    commandOf(pid).includes("mob-nursery"),
  );
}

/** Starts a first task, and resolves with the pid of the shim that is then made ready for the next. */
async function readyShim(keeper: Keeper, folder: string, mark: string): Promise<number> {
  await keeper.start(instance, 1, bash("true"));
  const shim = Number(readIfAny(join(folder, "records", `${instance}.1.run`)).split(" ")[0]);
  const [ready = 0] = await eventually(() => {
    const pids = shims(mark);
    return pids.length === 1 && pids[0] !== shim && pids;
  }, "a shim to be ready, and the end of the first");
  return ready;
}

const bash = (script: string) => ({ command: ["/bin/sh"], script, env: {} });

for (const cgroups of [true, false]) {
  const where = cgroups ? "with cgroups" : "without cgroups";

  test(`${where}, a task whose shim was killed is killed, its end unknown`, async (t) => {
    const { keeper, mark } = await startKeeper(t, cgroups);
    const { pid = 0 } = await keeper.start(instance, 1, bash("sleep 1000; true"));
    const task = await keeper.adopt(instance, 1);
    process.kill(readStat(pid)?.ppid ?? 0, "SIGKILL");
    assert.ok(!("gone" in task));
    const { exit } = await task.exited;
    assert.deepEqual(exit, { kind: "unknown", reason: "the process that kept it was killed" });
    assert.deepEqual(taskProcesses(mark), []);
  });

  test(`${where}, so is one whose shim was killed while no node looked`, async (t) => {
    const { keeper, open, mark } = await startKeeper(t, cgroups);
    const { pid = 0 } = await keeper.start(instance, 1, bash("sleep 1000; true"));
    await keeper.close();
    process.kill(readStat(pid)?.ppid ?? 0, "SIGKILL");
    await eventually(() => readStat(pid)?.ppid === 1 || !processAlive(pid), "an orphan");
    const found = await open().adopt(instance, 1);
    assert.ok("gone" in found && found.exit.kind === "unknown");
    assert.deepEqual(taskProcesses(mark), []);
  });

  test(`${where}, a child that dropped its environment dies with its parent's stop`, async (t) => {
    const { keeper, folder } = await startKeeper(t, cgroups);
    await keeper.start(
      instance,
      1,
      bash(`env -i sh -c 'echo $$ >${folder}/pid; sleep 1000; true'; true`),
    );
    const task = await keeper.adopt(instance, 1);
    const pid = await eventually(() => Number(readIfAny(`${folder}/pid`)) || undefined, "a child");
    assert.ok(!("gone" in task));
    await task.stop({ signal: "SIGKILL", graceMs: 0 });
    // Killed: it is gone once the kernel comes to it, and would else sleep on.
    await eventually(() => !processAlive(pid), "its end");
  });
}

test("an intent that nobody claimed is cancelled", async (t) => {
  const { keeper, folder } = await startKeeper(t);
  const record = join(folder, "records", `${instance}.1`);
  writeFileSync(`${record}.script`, `touch ${folder}/ran`);
  assert.deepEqual(await keeper.list(), [{ instance, attempt: 1, handle: {} }]);
  assert.deepEqual(await keeper.start(instance, 1, bash("true")), {});
  const found = await keeper.adopt(instance, 1);
  assert.ok("gone" in found);
  assert.deepEqual(found.exit, { kind: "unknown", reason: "it was never started" });
  assert.equal(existsSync(`${folder}/ran`), false);
});

test("a task that was claimed for a shim that died before it was handed over never ran", async (t) => {
  const { keeper, folder } = await startKeeper(t);
  const record = join(folder, "records", `${instance}.1`);
  const dead = spawn("true");
  const { startTicks } = readStat(dead.pid ?? 0) ?? {};
  await once(dead, "exit");
  writeFileSync(`${record}.script`, "true");
  writeFileSync(`${record}.run`, `${dead.pid} ${startTicks ?? "-"} ${readBootId()} -\n`);
  const found = await keeper.adopt(instance, 1);
  assert.ok("gone" in found);
  assert.deepEqual(found.exit, { kind: "unknown", reason: "it was never started" });
});

test("the second task, whose shim was ready, has all that the first had", async (t) => {
  const { keeper, folder, mark } = await startKeeper(t);
  const env = { SHOWN: "a 'b'\n\"c\" $d", IFS: "0", UID: "x", LARGE: "é".repeat(20_000) };
  const script = `printf '%s|' "$SHOWN" "$LARGE" "$MOB_TASK" "$TEST_MARK" "$PWD" >out.$1`;
  const envs = [env, { SHOWN: env.SHOWN }, { SHOWN: env.SHOWN }];
  for (const [i, given] of envs.entries()) {
    const attempt = i + 1;
    if (i > 0) await eventually(() => shims(mark).length === 1, "a shim to be ready");
    const run = script.replace("$1", String(attempt));
    await keeper.start(instance, attempt, { command: ["/bin/sh"], script: run, env: given });
    const task = await keeper.adopt(instance, attempt);
    if (!("gone" in task)) await task.exited;
    const work = join(folder, "instances", instance, "work");
    const parts = readFileSync(join(work, `out.${attempt}`), "utf8").split("|");
    assert.deepEqual(
      [parts[0], parts[1]?.length, parts[2]?.split("/")[1], parts[3], parts[4]],
      [env.SHOWN, i === 0 ? 20_000 : 0, `${instance}.${attempt}`, mark, work],
    );
  }
});

test("a shim that was ready and was killed is not used", async (t) => {
  const { keeper, folder, mark } = await startKeeper(t);
  const ready = await readyShim(keeper, folder, mark);
  process.kill(ready, "SIGKILL");
  await eventually(() => !processAlive(ready), "its end");
  const { pid } = await keeper.start(instance, 2, bash("exec sleep 1000"));
  assert.ok(pid !== undefined && processAlive(pid));
});

test("a nursery that was killed is replaced, and what it forked runs on", async (t) => {
  const { keeper, folder, mark } = await startKeeper(t);
  const ready = await readyShim(keeper, folder, mark);
  const { pid = 0 } = await keeper.start(instance, 2, bash("exec sleep 1000"));
  const [nursery = 0] = nurseries(mark);
  process.kill(nursery, "SIGKILL");
  await eventually(() => !processAlive(nursery), "its end");
  const next = await eventually(async () => {
    const attempt = 3;
    return (await keeper.start(instance, attempt, bash("exec sleep 1000")).catch(() => undefined))
      ?.pid;
  }, "a start by the next");
  assert.ok(processAlive(pid) && processAlive(next) && processAlive(ready));
  assert.ok(!nurseries(mark).includes(nursery));
});

test("a start whose nursery is killed before it forked fails, and leaves nothing", async (t) => {
  const { keeper, folder, mark } = await startKeeper(t);
  const ready = await readyShim(keeper, folder, mark);
  const [nursery = 0] = nurseries(mark);
  process.kill(nursery, "SIGSTOP");
  process.kill(ready, "SIGKILL");
  await eventually(() => !processAlive(ready), "the end of the shim that was ready");
  const started = keeper.start(instance, 2, bash(`touch ${folder}/ran`));
  const failed = assert.rejects(started, /the shell that starts tasks ended/);
  await eventually(() => existsSync(join(folder, "records", `${instance}.2.script`)), "an intent");
  process.kill(nursery, "SIGKILL");
  await failed;
  assert.equal(existsSync(`${folder}/ran`), false);
  assert.equal(existsSync(join(folder, "records", `${instance}.2.script`)), false);
});

test("whether holes can be punched is found out once", async (t) => {
  const { folder, keeper } = await startKeeper(t);
  const features = await keeper.features();
  const { mtimeMs } = statSync(folder); // To find it out takes a folder in there.
  assert.deepEqual(await keeper.features(), features);
  assert.ok(!features.includes("hole-punch") || statSync(folder).mtimeMs === mtimeMs);
});

test("without bash nothing can be started, which is told, and leaves nothing", async (t) => {
  const folder = await tempFolder(t);
  const keeper = new Keeper({ folder, log: silentLog, env: { PATH: folder } });
  t.after(() => keeper.close());
  await assert.rejects(keeper.features(), /bash is in no folder of its PATH on this node/);
  for (let tries = 0; tries < 2; tries++) {
    const started = keeper.start(instance, 1, bash("true"));
    await assert.rejects(started, /bash, which starts tasks, cannot be run: spawn bash ENOENT/);
    assert.deepEqual(readdirSync(join(folder, "records")), []);
  }
});

test("a closed keeper leaves neither nursery nor shim, and no task is touched", async (t) => {
  const { keeper, open, mark } = await startKeeper(t);
  const { pid = 0 } = await keeper.start(instance, 1, bash("exec sleep 1000"));
  await eventually(() => shims(mark).length === 2, "a shim to be ready");
  await keeper.close();
  await eventually(() => shims(mark).length === 1 && nurseries(mark).length === 0, "their end");
  assert.ok(processAlive(pid));
  open();
});

test("a task has no descriptors but the three that everyone has, and leads its process group", async (t) => {
  const { keeper, folder } = await startKeeper(t);
  const script = `ps -o pgid= -p $$ >${folder}/new; mv ${folder}/new ${folder}/pgid; exec sleep 1000`;
  for (const attempt of [1, 2]) {
    const { pid = 0 } = await keeper.start(instance, attempt, bash(script));
    const group = await eventually(
      () => Number(readIfAny(`${folder}/pgid`)) || undefined,
      "a group",
    );
    const run = readIfAny(join(folder, "records", `${instance}.${attempt}.run`));
    assert.equal(group, Number(run.split(" ")[0]));
    await eventually(() => commandOf(pid).startsWith("sleep"), "the task's last program");
    // What its loader opens is closed soon; what it was born with would stay.
    await eventually(() => readdirSync(`/proc/${pid}/fd`).join() === "0,1,2", "no others");
    rmSync(`${folder}/pgid`);
  }
});

test("a task whose shim has not begun it is removed, and never begins", async (t) => {
  const { keeper, open, folder, mark } = await startKeeper(t);
  const ready = await readyShim(keeper, folder, mark);
  process.kill(ready, "SIGSTOP");
  const started = keeper.start(instance, 2, bash(`touch ${folder}/ran`));
  started.catch(() => {}); // Its shim is killed.
  const run = join(folder, "records", `${instance}.2.run`);
  await eventually(() => readIfAny(run).startsWith(`${ready} `), "the claim");
  await open().remove(instance);
  await assert.rejects(started, Unavailable);
  assert.equal(processAlive(ready), false);
  assert.equal(existsSync(`${folder}/ran`), false);
});

test("a claim that is not whole is none", async (t) => {
  const { keeper, folder } = await startKeeper(t);
  writeFileSync(join(folder, "records", `${instance}.1.script`), "true");
  writeFileSync(join(folder, "records", `${instance}.1.run`), "12");
  const found = await keeper.adopt(instance, 1);
  assert.ok("gone" in found && found.exit.kind === "unknown");
});

test("a task of an earlier boot of the machine is gone, whoever has its pids now", async (t) => {
  const { keeper, folder } = await startKeeper(t);
  const record = join(folder, "records", `${instance}.1`);
  writeFileSync(`${record}.script`, "true");
  const startTicks = readStat(process.pid)?.startTicks;
  writeFileSync(`${record}.run`, `${process.pid} ${startTicks} 0-0 -\n${process.pid}\n`);
  const found = await keeper.adopt(instance, 1);
  assert.ok("gone" in found);
  assert.deepEqual(found.exit, { kind: "unknown", reason: "the machine restarted" });
});

test("script and output can be read by their owner alone", async (t) => {
  const { keeper, folder } = await startKeeper(t);
  await keeper.start(instance, 1, bash("true"));
  const mode = (path: string) => statSync(join(folder, path)).mode & 0o777;
  assert.equal(mode(`records/${instance}.1.script`), 0o600);
  assert.equal(mode(`instances/${instance}`), 0o700);
  assert.equal(mode(`instances/${instance}/output`), 0o600);
});

test("a task keeps the default of signals that its shim ignores", async (t) => {
  const { keeper } = await startKeeper(t);
  await keeper.start(instance, 1, bash("grep SigIgn /proc/self/status"));
  const output = await keeper.output(instance, { fileBytesMax: 1e6, filesMax: 1 });
  const text = await eventually(async () => {
    const { bytes } = await output.read(0, 100);
    return bytes.length > 0 && Buffer.from(bytes).toString();
  }, "output");
  assert.match(text, /SigIgn:\s0+$/m);
  await output.close();
});

test("what cannot be started is told, and leaves nothing", async (t) => {
  const { keeper, folder } = await startKeeper(t);
  const wrong = { command: ["/bin/sh"], script: "true", env: { BAD: "a\0b" } };
  await assert.rejects(keeper.start(instance, 1, wrong), Unavailable);
  assert.deepEqual(readdirSync(join(folder, "records")), []);
});

test("starts that fail before their shim has its task leave none that would take what the next is told", async (t) => {
  const { keeper, folder, mark } = await startKeeper(t);
  const at = join(folder, "taken");
  writeFileSync(at, "there is something else at that place");
  const failing = [
    { ...bash("true"), links: [{ at, folder }] },
    { ...bash("true"), env: { BAD: "a\0b" } },
  ];
  for (const command of [...failing, ...failing, ...failing, ...failing, ...failing]) {
    await assert.rejects(keeper.start(instance, 1, command), Unavailable);
  }
  const attempts = [1, 2, 3, 4, 5, 6];
  const pids = await Promise.all(
    attempts.map(
      async (attempt) => (await keeper.start(instance, attempt, bash("sleep 1000"))).pid,
    ),
  );
  assert.ok(pids.every((pid) => pid !== undefined && processAlive(pid)));
  await eventually(
    () => shims(mark).length <= attempts.length * 2 + 1,
    "no shim but those of the tasks, and one ready",
  );
});

test("a program that is not there is an exit code, as in a shell", async (t) => {
  const { keeper } = await startKeeper(t);
  await keeper.start(instance, 1, { command: ["/no/such/program"], script: "", env: {} });
  const task = await keeper.adopt(instance, 1);
  const exit = "gone" in task ? task.exit : (await task.exited).exit;
  assert.deepEqual(exit, { kind: "exited", code: 127 });
});

test("a running attempt is not forgotten", async (t) => {
  const { keeper } = await startKeeper(t);
  await keeper.start(instance, 1, bash("sleep 1000"));
  await keeper.adopt(instance, 1);
  await assert.rejects(keeper.forget(instance, 1), Conflict);
});

test("the cgroup of a task goes with it", { skip: !cgroupsHere }, async (t) => {
  const { keeper, folder } = await startKeeper(t);
  const { pid = 0 } = await keeper.start(instance, 1, bash("sleep 1000; true"));
  const [shim = ""] = readFileSync(`${folder}/records/${instance}.1.run`, "utf8").split("\n");
  const cgroup = shim.split(" ")[3] ?? "";
  await eventually(
    () => readIfAny(`${cgroup}/cgroup.procs`).split("\n").length === 3 && pid,
    "both processes in the cgroup",
  );
  await keeper.remove(instance);
  assert.equal(existsSync(cgroup), false);
});

test("what is removed while it is brought into its cgroup leaves none", {
  skip: !cgroupsHere,
}, async (t) => {
  const { keeper, folder } = await startKeeper(t);
  const { pid = 0 } = await keeper.start(instance, 1, bash("sleep 1000; true"));
  const [shim = ""] = readFileSync(`${folder}/records/${instance}.1.run`, "utf8").split("\n");
  const cgroup = shim.split(" ")[3] ?? "";
  const task = await keeper.adopt(instance, 1);
  assert.ok(!("gone" in task));
  await keeper.remove(instance);
  // What it had forked before its own move is moved after it, one by one, and so beside its removal.
  await task.tree.move(pid);
  assert.equal(existsSync(cgroup), false);
});

function readIfAny(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

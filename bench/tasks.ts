/**
 * What a kept task costs over a bare child process of the same command, in the same run: until it
 * runs, until its end is known, many at once, removing them, and the memory of its shim.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { asInstanceId } from "../src/core/ids.ts";
import { silentLog } from "../src/core/log.ts";
import { createBash } from "../src/providers/bash/bash.ts";
import type { BashParams } from "../src/providers/bash/params.ts";
import type { Provider, Task } from "../src/providers/provider.ts";
import type { BenchResult } from "./result.ts";
import { killAll, Signs, startBare } from "./signs.ts";
import { compareRates, compareTimes, noTimes } from "./statistics.ts";

export const name = "tasks";

const logs = { fileBytesMax: 10_000_000, filesMax: 5 };
const starts = 60;
const atOnce = 200;
const removed = 220;

interface World {
  readonly provider: Provider<BashParams>;
  readonly signs: Signs;
}

export async function run(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "mob-bench-"));
  const { PATH = "/usr/bin:/bin" } = process.env;
  const provider = createBash({ folder, node: "bench", env: { PATH }, log: silentLog });
  const signs = new Signs(folder);
  const alive = setInterval(() => {}, 1_000); // What is kept keeps no process alive.
  try {
    await provider.probe();
    const world = { provider, signs };
    return [
      ...(await measureOneByOne(world)),
      await measureAtOnce(world),
      ...(await measureRemoval(world)),
    ];
  } finally {
    for (const { instance } of await provider.list()) await provider.remove(instance);
    await provider.close();
    signs.close();
    clearInterval(alive);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureOneByOne(world: World): Promise<BenchResult[]> {
  const times = { start: noTimes(), end: noTimes(), bareStart: noTimes(), bareEnd: noTimes() };
  for (let i = 0; i < starts; i++) {
    let beganAt = performance.now();
    const child = await startBare(world.signs, `bare${i}`);
    times.bareStart.push(performance.now() - beganAt);
    beganAt = performance.now();
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    times.bareEnd.push(performance.now() - beganAt);

    beganAt = performance.now();
    const task = await startKept(world, `one${i}`);
    times.start.push(performance.now() - beganAt);
    await setTimeout(500); // Until it is settled in its cgroup, as a task that dies mostly is.
    beganAt = performance.now();
    process.kill(Number(task.handle["pid"]), "SIGKILL");
    await task.exited;
    times.end.push(performance.now() - beganAt);
  }
  return [
    compareTimes("start of a task until it runs, median", times.start, times.bareStart, 1.6),
    compareTimes("kill -9 until the exit is known, median", times.end, times.bareEnd),
  ];
}

async function measureAtOnce({ provider, signs }: World): Promise<BenchResult> {
  const numbers = Array.from({ length: atOnce }, (_, i) => i);
  let beganAt = performance.now();
  const bare = await Promise.all(numbers.map((i) => startBare(signs, `bares${i}`)));
  const bareMs = performance.now() - beganAt;
  await killAll(bare);
  beganAt = performance.now();
  await Promise.all(numbers.map((i) => startKept({ provider, signs }, `many${i}`)));
  const tookMs = performance.now() - beganAt;
  for (const { instance } of await provider.list()) await provider.remove(instance);
  return compareRates(`${atOnce} tasks started at once`, atOnce, [tookMs], [bareMs]);
}

async function measureRemoval(world: World): Promise<BenchResult[]> {
  const { provider } = world;
  const family = "(setsid sleep 1000 &) ; sleep 1000";
  const names = Array.from({ length: removed }, (_, i) => `family${i}`);
  const tasks = await Promise.all(names.map((sign) => startKept(world, sign, family)));
  const pids = tasks.map((task) => parentOf(Number(task.handle["pid"])));
  const shimKb = pids.reduce((sum, pid) => sum + pssKb(pid), 0) / pids.length;
  const beganAt = performance.now();
  const found = await provider.list();
  await Promise.all(found.map(({ instance }) => provider.remove(instance)));
  const tookMs = performance.now() - beganAt;
  return [
    { metric: "memory of a shim (PSS)", unit: "KB", ours: shimKb },
    {
      metric: `${removed} tasks with grandchildren removed`,
      unit: "ms",
      ours: tookMs,
      goal: "under 2,000",
      met: tookMs < 2_000,
    },
  ];
}

async function startKept(
  { provider, signs }: World,
  sign: string,
  command?: string,
): Promise<Task> {
  const runs = signs.appeared(sign);
  const params = { command: signs.command(sign, command) };
  const context = { service: sign, attempt: 1, env: {}, logs };
  const instance = asInstanceId(sign);
  const handle = await provider.start(instance, params, context);
  await runs;
  const task = await provider.adopt({ instance, attempt: 1, handle });
  if ("gone" in task) throw new Error(`${sign} ended: ${JSON.stringify(task.exit)}`);
  return task;
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function pssKb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
}

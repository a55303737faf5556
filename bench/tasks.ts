/**
 * What a kept task costs over a bare child process of the same command, in the same run: until it
 * runs, until its end is known, many at once, removing them, and the memory of its shim.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { type FSWatcher, mkdtempSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { asInstanceId } from "../src/core/ids.ts";
import { silentLog } from "../src/core/log.ts";
import { createBash } from "../src/providers/bash/bash.ts";
import type { BashParams } from "../src/providers/bash/params.ts";
import type { Provider, Task } from "../src/providers/provider.ts";
import type { BenchResult } from "./result.ts";

export const name = "tasks";

const logs = { fileBytesMax: 10_000_000, filesMax: 5 };
const starts = 60;
const atOnce = 200;
const removed = 220;

/** Where tasks tell that they run, by creating a file, and who waits for which. */
interface Signs {
  readonly folder: string;
  readonly watcher: FSWatcher;
  appeared(sign: string): Promise<void>;
}

interface World {
  readonly provider: Provider<BashParams>;
  readonly signs: Signs;
}

export async function run(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "mob-bench-"));
  const { PATH = "/usr/bin:/bin" } = process.env;
  const provider = createBash({ folder, node: "bench", env: { PATH }, log: silentLog });
  const signs = watchSigns(mkdtempSync(join(folder, "signs-")));
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
    signs.watcher.close();
    clearInterval(alive);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureOneByOne(world: World): Promise<BenchResult[]> {
  const times = { start: [0], end: [0], bareStart: [0], bareEnd: [0] };
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
    await setTimeout(200); // Until it is settled in its cgroup, as a task that dies mostly is.
    beganAt = performance.now();
    process.kill(Number(task.handle["pid"]), "SIGKILL");
    await task.exited;
    times.end.push(performance.now() - beganAt);
  }
  return [
    compare("start of a task until it runs, median", "ms", times.start, times.bareStart, 1.6),
    compare("kill -9 until the exit is known, median", "ms", times.end, times.bareEnd, undefined),
  ];
}

async function measureAtOnce({ provider, signs }: World): Promise<BenchResult> {
  const numbers = Array.from({ length: atOnce }, (_, i) => i);
  let beganAt = performance.now();
  const bare = await Promise.all(numbers.map((i) => startBare(signs, `bares${i}`)));
  const bareRate = (atOnce * 1_000) / (performance.now() - beganAt);
  for (const child of bare) child.kill("SIGKILL");
  beganAt = performance.now();
  await Promise.all(numbers.map((i) => startKept({ provider, signs }, `many${i}`)));
  const rate = (atOnce * 1_000) / (performance.now() - beganAt);
  for (const { instance } of await provider.list()) await provider.remove(instance);
  return {
    metric: `${atOnce} tasks started at once`,
    unit: "tasks/s",
    ours: rate,
    reference: { name: "child_process.spawn", value: bareRate },
    ratio: rate / bareRate,
    goal: "at least 0.5 of a bare spawn",
    met: rate / bareRate >= 0.5,
  };
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

async function startBare(signs: Signs, sign: string): Promise<ChildProcess> {
  const runs = signs.appeared(sign);
  const command = `: >${signs.folder}/${sign}; exec sleep 1000`;
  const child = spawn("bash", ["-c", command], { stdio: "ignore", detached: true });
  await runs;
  return child;
}

async function startKept(
  { provider, signs }: World,
  sign: string,
  command = "exec sleep 1000",
): Promise<Task> {
  const runs = signs.appeared(sign);
  const params = { command: `: >${signs.folder}/${sign}; ${command}` };
  const context = { service: sign, attempt: 1, env: {}, logs };
  const instance = asInstanceId(sign);
  const handle = await provider.start(instance, params, context);
  await runs;
  const task = await provider.adopt({ instance, attempt: 1, handle });
  if ("gone" in task) throw new Error(`${sign} ended: ${JSON.stringify(task.exit)}`);
  return task;
}

function watchSigns(folder: string): Signs {
  const waiting = new Map<string, () => void>();
  const watcher = watch(folder, (_event, sign) => waiting.get(sign ?? "")?.());
  const appeared = (sign: string) => new Promise<void>((tell) => waiting.set(sign, tell));
  return { folder, watcher, appeared };
}

function compare(
  metric: string,
  unit: string,
  ours: readonly number[],
  bare: readonly number[],
  ratioMax: number | undefined,
): BenchResult {
  const ratio = median(ours) / median(bare);
  const reference = { name: "child_process.spawn", value: median(bare) };
  const result = { metric, unit, ours: median(ours), reference, ratio };
  if (ratioMax === undefined) return result;
  return { ...result, goal: `within ${ratioMax} of a bare spawn`, met: ratio <= ratioMax };
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function pssKb(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
}

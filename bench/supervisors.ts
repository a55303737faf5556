/**
 * What it costs to keep processes alive, against PM2 and supervisord in the same run: one service until it
 * runs, many at once, `kill -9` until the next one runs, memory and processor time beside two hundred that
 * do nothing, and their end, with what they forked. Each of the two is compared with where it is
 * installed (`npm install -g pm2`, Debian's `supervisor`).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { BenchResult } from "./result.ts";
import { Signs } from "./signs.ts";
import { median, noTimes, percentile } from "./statistics.ts";
import { type Contender, cpuSeconds, memoryMib } from "./supervisors/contender.ts";
import { startMob } from "./supervisors/mob.ts";
import { startPm2 } from "./supervisors/pm2.ts";
import { startSupervisord } from "./supervisors/supervisord.ts";

export const name = "supervisors";

const starts = 20;
/** What starts leave to be done, a collection of garbage say, is done before what is at rest is looked at. */
const restMs = 60_000;
const idleMs = 60_000;
/** After a start: PM2 takes what ends sooner for unstable, and all have settled. */
const settleMs = 1_200;
/** What a service with a grandchild in a session of its own does. */
const family = "(setsid sleep 1000 &); exec sleep 1000";

interface Figures {
  readonly startMs: number[];
  readonly againMs: number[];
  readonly manyMs: Map<number, number>;
  idleMib: number;
  /** Of one core, %. */
  idleCpu: number;
  removalMs: number;
  left: number;
}

export async function run(): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "mob-bench-"));
  const signs = new Signs(folder);
  const contenders: Contender[] = [];
  try {
    for (const start of [
      () => startMob(),
      () => startMob(3),
      () => startPm2(mkdtempSync(join(folder, "pm2-"))),
      () => startSupervisord(mkdtempSync(join(folder, "supervisord-"))),
    ]) {
      const contender = await start();
      if (contender !== undefined) contenders.push(contender);
    }
    const figures = new Map(contenders.map((one) => [one, noFigures()]));
    for (let i = 0; i < starts; i++) {
      for (const [one, its] of figures) await measureOne(one, signs, its, `one-${i}`);
    }
    for (const [one, its] of figures) {
      await measureIdle(one, signs, its);
      await measureMany(one, signs, its, 1_000);
      await measureRemoval(one, signs, its);
    }
    return resultsOf([...figures]);
  } finally {
    for (const contender of contenders) await contender.close();
    signs.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function noFigures(): Figures {
  const none = Number.NaN;
  const [startMs, againMs] = [noTimes(), noTimes()];
  return {
    startMs,
    againMs,
    manyMs: new Map(),
    idleMib: none,
    idleCpu: none,
    removalMs: none,
    left: none,
  };
}

async function measureOne(one: Contender, signs: Signs, its: Figures, sign: string): Promise<void> {
  const runs = signs.appeared(sign);
  let beganAt = performance.now();
  const started = one.start([{ name: sign, command: signs.command(sign) }]);
  const pid = await runs;
  its.startMs.push(performance.now() - beganAt);
  await started;
  await setTimeout(settleMs);
  const next = signs.appeared(sign);
  beganAt = performance.now();
  process.kill(pid, "SIGKILL");
  await next;
  its.againMs.push(performance.now() - beganAt);
  await one.removeAll();
}

async function startMany(one: Contender, signs: Signs, count: number, then?: string) {
  const names = Array.from({ length: count }, (_, i) => `many-${count}-${i}`);
  const run = Promise.all(names.map((sign) => signs.appeared(sign)));
  const services = names.map((sign) => ({ name: sign, command: signs.command(sign, then) }));
  const beganAt = performance.now();
  const started = one.start(services);
  await run;
  const tookMs = performance.now() - beganAt;
  await started;
  return tookMs;
}

async function measureIdle(one: Contender, signs: Signs, its: Figures): Promise<void> {
  its.manyMs.set(200, await startMany(one, signs, 200));
  await setTimeout(restMs);
  its.idleMib = memoryMib(one);
  const before = cpuSeconds(one);
  await setTimeout(idleMs);
  its.idleCpu = ((cpuSeconds(one) - before) * 100_000) / idleMs;
  await one.removeAll();
}

async function measureMany(one: Contender, signs: Signs, its: Figures, count: number) {
  its.manyMs.set(count, await startMany(one, signs, count));
  await one.removeAll();
}

async function measureRemoval(one: Contender, signs: Signs, its: Figures): Promise<void> {
  await startMany(one, signs, 200, family);
  await setTimeout(settleMs);
  const before = new Set(one.processes());
  const beganAt = performance.now();
  await one.removeAll();
  its.removalMs = performance.now() - beganAt;
  await setTimeout(settleMs);
  its.left = one.processes().filter((pid) => before.has(pid)).length;
}

/** What is better when it is less, of each contender. */
const metrics: readonly (readonly [string, string, (its: Figures) => number])[] = [
  ["one service until it runs, median", "ms", ({ startMs }) => median(startMs)],
  ["one service until it runs, 95th percentile", "ms", ({ startMs }) => percentile(startMs, 0.95)],
  ["kill -9 until the next one runs, median", "ms", ({ againMs }) => median(againMs)],
  ["200 services until all run", "ms", ({ manyMs }) => manyMs.get(200) ?? Number.NaN],
  ["1,000 services until all run", "ms", ({ manyMs }) => manyMs.get(1_000) ?? Number.NaN],
  ["memory beside 200 that do nothing (PSS)", "MiB", ({ idleMib }) => idleMib],
  ["processor beside 200 that do nothing", "% of a core", ({ idleCpu }) => idleCpu],
  ["200 services with grandchildren removed", "ms", ({ removalMs }) => removalMs],
  ["of their processes and its own left more than before", "", ({ left }) => left],
];

function resultsOf([ours, ...others]: readonly (readonly [Contender, Figures])[]): BenchResult[] {
  if (ours === undefined) return [];
  return metrics.flatMap(([metric, unit, of]) =>
    others.map(([{ name: other }, theirs]): BenchResult => {
      const [mine, value] = [of(ours[1]), of(theirs)];
      const result = {
        metric,
        unit,
        ours: mine,
        reference: { name: other, value },
        ratio: mine / value,
      };
      // The other of Mob's own is there to tell what more nodes cost.
      return other.startsWith("Mob")
        ? result
        : { ...result, goal: "at most as much", met: mine <= value };
    }),
  );
}

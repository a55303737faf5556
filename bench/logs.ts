/**
 * Two hundred megabytes of log lines from one task, as fast as it can write them: how long until
 * all is written and archived, whether every line inside the bound is there, and whether the event
 * loop went on meanwhile.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { asInstanceId } from "../src/core/ids.ts";
import { silentLog } from "../src/core/log.ts";
import { createBash } from "../src/providers/bash/bash.ts";
import type { Output } from "../src/providers/provider.ts";
import type { BenchResult } from "./result.ts";

export const name = "logs";

const logs = { fileBytesMax: 10_000_000, filesMax: 5 };
const lineBytes = 9;
const lines = 22_222_222;
const firstLine = 10_000_000;
const instance = asInstanceId("logs");
/** Numbers of 8 digits, a line each: what writes lines fastest, so that we are what is measured. */
const command = `seq ${firstLine} ${firstLine + lines - 1}`;

export async function run(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "mob-bench-"));
  const { PATH = "/usr/bin:/bin" } = process.env;
  const provider = createBash({ folder, node: "bench", env: { PATH }, log: silentLog });
  await provider.probe();
  const bareMs = await timeBare(folder);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const output = await provider.output(instance, logs);
  try {
    delay.enable();
    const beganAt = performance.now();
    const context = { service: "logs", attempt: 1, env: {}, logs };
    const handle = await provider.start(instance, { command }, context);
    const task = await provider.adopt({ instance, attempt: 1, handle });
    if (!("gone" in task)) await whileAlive(task.exited);
    await archived(folder);
    const tookMs = performance.now() - beganAt;
    delay.disable();
    const longestMs = delay.max / 1e6;
    const { kept, inOrder } = await checkLines(output);
    return [
      {
        metric: "200 MB of log lines, from the start until archived",
        unit: "ms",
        ours: tookMs,
        reference: { name: "the same command into a file", value: bareMs },
        ratio: tookMs / bareMs,
        goal: "under 1,000",
        met: tookMs < 1_000,
      },
      {
        metric: "of those kept, whole and in order",
        unit: "MB",
        ours: inOrder ? kept / 1e6 : 0,
        goal: "at least 50",
        met: inOrder && kept > logs.fileBytesMax * logs.filesMax - lineBytes,
      },
      {
        metric: "longest stall of the event loop meanwhile",
        unit: "ms",
        ours: longestMs,
        goal: "under 50",
        met: longestMs < 50,
      },
    ];
  } finally {
    await output.close();
    await provider.remove(instance);
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timeBare(folder: string): Promise<number> {
  const { execa } = await import("execa");
  const file = join(folder, "bare");
  const beganAt = performance.now();
  await execa("bash", ["-c", `${command} >${file}`], { stdin: "ignore" });
  const tookMs = performance.now() - beganAt;
  rmSync(file);
  return tookMs;
}

async function whileAlive<T>(wait: Promise<T>): Promise<T> {
  const alive = setInterval(() => {}, 1_000);
  return await wait.finally(() => clearInterval(alive));
}

/** Until the live file holds no more on disk than one file's worth, and what it has in reserve. */
async function archived(folder: string): Promise<void> {
  const file = join(folder, "instances", instance, "output");
  while (statSync(file).blocks * 512 > 1.2 * logs.fileBytesMax) await setTimeout(2);
}

async function checkLines(output: Output): Promise<{ kept: number; inOrder: boolean }> {
  let { from, next, bytes } = await output.read(0, 1 << 20);
  let kept = 0;
  let inOrder = true;
  let rest = Buffer.alloc(0);
  for (let line = firstLine + from / lineBytes; bytes.length > 0; ) {
    kept += bytes.length;
    const block = Buffer.concat([rest, bytes]);
    let at = 0;
    for (; at + lineBytes <= block.length; at += lineBytes) {
      inOrder &&= Number(block.toString("latin1", at, at + lineBytes)) === line++;
    }
    rest = block.subarray(at);
    ({ from, next, bytes } = await output.read(next, 1 << 20));
  }
  return { kept, inOrder: inOrder && rest.length === 0 };
}

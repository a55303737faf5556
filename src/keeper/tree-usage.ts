/**
 * What the processes of a task use of the machine, as /proc and their cgroup tell it. Memory is the sum of their
 * proportional shares: what several have together, as workers that were forked, counts once.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { tickMs } from "./process-identity.ts";
import { readSmallText } from "./small-file.ts";

export interface TreeUsage {
  /** CPU time, ms: of those that live, and of what ended before. */
  readonly cpuMs: number;
  readonly memoryBytes: number;
  /** Those that live. */
  readonly processes: number;
}

const bytesPerKb = 1_024;

/**
 * CPU time is the larger of two that each miss something: the group's does not have what a process used before it was
 * moved there, the processes' not that of one that ended and was waited for by none of them.
 * @param cgroup of version 2; undefined: there is none
 */
export async function usageOf(
  pids: readonly number[],
  cgroup: string | undefined,
): Promise<TreeUsage> {
  const times = pids.flatMap((pid) => cpuMsOf(pid) ?? []);
  const grouped =
    cgroup === undefined ? undefined : parseGroupCpuMs(readSmallText(join(cgroup, "cpu.stat")));
  const memory = await Promise.all(pids.map(memoryOf));
  return {
    cpuMs: Math.max(sum(times), grouped ?? 0),
    memoryBytes: sum(memory),
    processes: times.length,
  };
}

/** Undefined when there is no such process. */
function cpuMsOf(pid: number): number | undefined {
  const text = readSmallText(`/proc/${pid}/stat`);
  return text === undefined || text === "" ? undefined : parseCpuMs(text);
}

/**
 * Not by `readSmallText`: the kernel walks all pages of a process for its share, and a large one holds a thread up for
 * tens of milliseconds. Where the node may not look, all that a process has in memory. 0 of one that has ended.
 */
async function memoryOf(pid: number): Promise<number> {
  const share = parseKb("Pss", await textOf(`/proc/${pid}/smaps_rollup`));
  return share ?? parseKb("VmRSS", await textOf(`/proc/${pid}/status`)) ?? 0;
}

async function textOf(path: string): Promise<string> {
  return await readFile(path, "latin1").catch(() => "");
}

/** CPU time of a process and of its children that it has waited for, of /proc/PID/stat: fields 14 to 17. */
export function parseCpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return sum(fields.slice(11, 15).map(Number)) * tickMs;
}

/** Of `cpu.stat`, which a group of version 2 has without its controller too. Undefined where it does not tell. */
export function parseGroupCpuMs(stat: string | undefined): number | undefined {
  const us = /^usage_usec (\d+)$/m.exec(stat ?? "")?.[1];
  return us === undefined ? undefined : Number(us) / 1_000;
}

/** Bytes of a line like `Pss:    160 kB`; undefined when there is none. */
export function parseKb(name: "Pss" | "VmRSS", text: string): number | undefined {
  const kb = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  return kb === undefined ? undefined : Number(kb) * bytesPerKb;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Who a process is. A pid alone is reused; a pid with the time its process started (in clock ticks
 * since boot, proc_pid_stat(5) field 22) and the id of that boot names one process for ever.
 */
import { readSmallText } from "./small-file.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** Undefined where the system does not tell (no /proc): then a reused pid goes unnoticed. */
  readonly startTicks: number | undefined;
  /** `-` where the system does not tell. */
  readonly bootId: string;
}

/** What /proc/PID/stat says of a process. */
export interface ProcessStat {
  readonly ppid: number;
  readonly zombie: boolean;
  readonly startTicks: number;
  /** False in the middle of an exec, when the environment cannot be read; and for kernel threads. */
  readonly hasEnviron: boolean;
}

/** Of a clock tick, as the kernel tells it to programs (USER_HZ). */
export const tickMs = 10;

/** True on systems with Linux's /proc. */
export const hasProc = process.platform === "linux";

/** The id of this boot of the machine; `-` where the system does not tell. */
export function readBootId(): string {
  return readSmallText("/proc/sys/kernel/random/boot_id")?.trim() ?? "-";
}

/** Parses /proc/PID/stat. The name in it may hold anything, also `)`: what counts follows the last. */
export function parseStat(text: string): ProcessStat {
  const state = text.lastIndexOf(")") + 2;
  const ppid = after(text, 1, state);
  const startTicks = after(text, 18, ppid);
  return {
    ppid: numberAt(text, ppid),
    zombie: text[state] === "Z" || text[state] === "X",
    startTicks: numberAt(text, startTicks),
    hasEnviron: numberAt(text, after(text, 29, startTicks)) !== 0,
  };
}

/** Where the field begins that is so many further on. Not by `split`, which makes 52 strings of each line. */
function after(text: string, fields: number, from: number): number {
  let at = from;
  for (let i = 0; i < fields; i++) at = text.indexOf(" ", at) + 1;
  return at;
}

function numberAt(text: string, at: number): number {
  return Number.parseInt(text.slice(at, at + 20), 10);
}

/** Undefined when there is no such process, or no /proc. */
export function readStat(pid: number): ProcessStat | undefined {
  const text = readSmallText(`/proc/${pid}/stat`);
  // A process that ends while it is looked at may leave an empty file.
  return text === undefined || text === "" ? undefined : parseStat(text);
}

/** Wall clock of a process' start, ms; undefined where the system does not tell. */
export function startedAtOf({ startTicks }: ProcessStat): number | undefined {
  const bootSeconds = /^btime (\d+)$/m.exec(readSmallText("/proc/stat") ?? "")?.[1];
  return bootSeconds === undefined ? undefined : Number(bootSeconds) * 1_000 + startTicks * tickMs;
}

/** True while that very process lives: same pid, same start, same boot, and not a zombie. */
export function isAlive(identity: ProcessIdentity, bootId: string): boolean {
  if (identity.bootId !== bootId) return false;
  if (identity.startTicks === undefined) return sendSignal(identity.pid, 0);
  const stat = readStat(identity.pid);
  return stat !== undefined && !stat.zombie && stat.startTicks === identity.startTicks;
}

/** Sends `signal` (0 only asks); false when there is no such process or it is not ours to signal. */
export function sendSignal(pid: number, signal: string | number): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/**
 * Finds processes by something in their environment, which every child inherits: how a test knows
 * that nothing of what it started is left.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { processAlive } from "./process-alive.ts";

/** Pids of the living processes whose environment has every one of `entries` (`NAME=value`). Linux only. */
export function markedProcesses(...entries: string[]): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    const environ = environOf(pid);
    return entries.every((entry) => environ.includes(entry)) && processAlive(pid) ? [pid] : [];
  });
}

/** `NAME=value` each; empty for one that is gone. */
export function environOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch {
    return [];
  }
}

/** Pids of the living processes whose command line holds `text`: of those whose environment is another's. Linux only. */
export function processesNaming(text: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    const named = Number.isInteger(pid) && commandOf(pid).includes(text);
    return named && processAlive(pid) ? [pid] : [];
  });
}

/** Pids of the living processes that are in a folder whose path begins so. Linux only. */
export function processesIn(path: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    const isThere = Number.isInteger(pid) && folderOf(pid).startsWith(path);
    return isThere && processAlive(pid) ? [pid] : [];
  });
}

/** Where it is; empty for one that is gone. */
function folderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

/** Its arguments, each ended by a zero; empty for one that is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

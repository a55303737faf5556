/**
 * All processes of the machine with the mark Mob gave them, to find those of a task where no cgroup
 * holds them. A look costs milliseconds, so that all who ask in the same turn share one.
 */

import { readdir } from "node:fs/promises";
import { setImmediate, setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { hasProc, readStat } from "./process-identity.ts";
import { type SeenProcess, SeenProcesses } from "./seen-processes.ts";
import { readSmallFile } from "./small-file.ts";

/** The variable that marks every process of a task. Its value names keeper and task. */
export const markVariable = "MOB_TASK";

const entryBegin = Buffer.from(`${markVariable}=`);
const laterEntryBegin = Buffer.from(`\0${markVariable}=`);

/** Processes looked at before others get their turn: 200 take 2 to 4 ms. */
const processesATurn = 200;
/** Looks at a process in the middle of an exec, 1 ms apart: it takes far less than one. */
const execTriesMax = 20;
/** Parent of the kernel's threads, which never have an environment. */
const kernelThreadsPid = 2;

export class ProcessScan {
  #next: Promise<SeenProcesses> | undefined;

  /** Every process but zombies, seen at some moment after this call. */
  look(): Promise<SeenProcesses> {
    this.#next ??= setImmediate().then(async () => {
      this.#next = undefined;
      return new SeenProcesses(hasProc ? await lookInProc() : await lookByPs());
    });
    return this.#next;
  }
}

async function lookInProc(): Promise<SeenProcess[]> {
  const seen: SeenProcess[] = [];
  const inExec: number[] = [];
  let looked = 0;
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    if (++looked % processesATurn === 0) await setImmediate();
    const found = lookAt(pid);
    if (found === "in exec") inExec.push(pid);
    else if (found !== undefined) seen.push(found);
  }
  for (const pid of inExec) seen.push(...(await lookAfterExec(pid)));
  return seen;
}

function lookAt(pid: number): SeenProcess | "in exec" | undefined {
  const stat = readStat(pid);
  if (stat === undefined || stat.zombie) return undefined;
  const { ppid, hasEnviron } = stat;
  const unmarked = { pid, ppid, mark: undefined };
  const kernelThread = pid === kernelThreadsPid || ppid === kernelThreadsPid;
  if (kernelThread && !hasEnviron) return unmarked;
  const environ = readEnviron(pid);
  if (environ === undefined) return unmarked;
  if (environ.length === 0 && !hasEnviron) return "in exec";
  return { pid, ppid, mark: parseMark(environ) };
}

/** For an instant a process that execs has no environment to be read, and is as marked as before. */
async function lookAfterExec(pid: number): Promise<SeenProcess[]> {
  for (let tries = 0; tries < execTriesMax; tries++) {
    const found = lookAt(pid);
    if (found === undefined) return [];
    if (found !== "in exec") return [found];
    await setTimeout(1);
  }
  return []; // Stopped in the middle, by a debugger say: not by us.
}

/** Undefined for a process that is not ours to look into. */
function readEnviron(pid: number): Buffer | undefined {
  try {
    return readSmallFile(`/proc/${pid}/environ`);
  } catch {
    return undefined;
  }
}

/** The mark in an environment as /proc/PID/environ has it: `NAME=VALUE`, each ended by a zero. */
export function parseMark(environ: Buffer): string | undefined {
  const isFirst = environ.subarray(0, entryBegin.length).equals(entryBegin);
  const at = isFirst ? 0 : environ.indexOf(laterEntryBegin) + 1;
  if (at === 0 && !isFirst) return undefined;
  const end = environ.indexOf(0, at);
  return environ.toString("latin1", at + entryBegin.length, end < 0 ? environ.length : end);
}

/** Without /proc, environments are not to be had: descendants only. */
async function lookByPs(): Promise<SeenProcess[]> {
  const { stdout } = await execa("ps", ["-axo", "pid=,ppid=,stat="]);
  return stdout.split("\n").flatMap((line) => {
    const [pid, ppid, state = "Z"] = line.trim().split(/\s+/);
    if (state.startsWith("Z")) return [];
    return [{ pid: Number(pid), ppid: Number(ppid), mark: undefined }];
  });
}

/** What the process of a third party's provider may use of the machine: a leak is its own. */
import { readFileSync } from "node:fs";

/** Beyond it V8 ends the process. */
const heapMiB = 256;
/** Resident, with what V8 does not count, as buffers. */
const memoryMiBMax = 512;

export const nodeFlags = [
  `--max-old-space-size=${heapMiB}`,
  "--max-semi-space-size=1",
  "--experimental-import-meta-resolve", // Its second argument: from where a package is looked for.
  "--experimental-detect-module", // As of Node 20.19 by default: a .js file may have ES imports.
];

/** Why a process has to be ended; undefined: it need not, it is gone, or the system (macOS) does not tell. */
export function usesTooMuch(pid: number | undefined): string | undefined {
  const usedMiB = residentMiB(pid);
  if (usedMiB <= memoryMiBMax) return undefined;
  return `it used ${usedMiB} MiB of memory, of at most ${memoryMiBMax}`;
}

function residentMiB(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024);
  } catch {
    return 0;
  }
}

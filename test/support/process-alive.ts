/**
 * Whether a process lives. `kill(pid, 0)` is not enough: it succeeds for a zombie, and where PID 1
 * reaps late an orphan stays one for seconds.
 */
import { readFileSync } from "node:fs";

/** True while `pid` names a process that is not a zombie. Without /proc, zombies count as alive. */
export function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
    return state !== "Z" && state !== "X";
  } catch {
    return process.platform !== "linux";
  }
}

/** What is compared: something that keeps processes alive, driven as its own command line drives it, without that one's start. */
import { readFileSync } from "node:fs";
import { markedProcesses } from "../../test/support/marked-processes.ts";

export interface Service {
  readonly name: string;
  /** For bash. */
  readonly command: string;
}

export interface Contender {
  readonly name: string;
  /** Resolves once it has taken all of them; whether they run their signs tell. */
  start(services: readonly Service[]): Promise<void>;
  /** Stops and forgets all that there are; resolves once it says that it has. */
  removeAll(): Promise<void>;
  /** Pids of all processes that are its own, or that it has started. */
  processes(): readonly number[];
  close(): Promise<void>;
}

/** Kernel ticks a second, of the times in /proc: always so on Linux. */
const ticksPerSecond = 100;

/** By the mark that all of its processes inherit. */
export function processesMarked(mark: string): readonly number[] {
  return markedProcesses(`MOB_BENCH=${mark}`);
}

/** Its own processes: those that are no service's. */
function ownOf(contender: Pick<Contender, "processes">): readonly number[] {
  return contender.processes().filter((pid) => !read(pid, "cmdline").startsWith("sleep\0"));
}

/** Proportional set size of what is its own, MiB. */
export function memoryMib(contender: Pick<Contender, "processes">): number {
  const kib = ownOf(contender).map((pid) =>
    Number(/^Pss:\s+(\d+)/m.exec(read(pid, "smaps_rollup"))?.[1] ?? 0),
  );
  return kib.reduce((sum, one) => sum + one, 0) / 1024;
}

/** Seconds that what is its own has computed so far. */
export function cpuSeconds(contender: Pick<Contender, "processes">): number {
  const ticks = ownOf(contender).map((pid) => {
    const fields = read(pid, "stat").split(") ").pop()?.split(" ") ?? [];
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0); // utime and stime, proc(5).
  });
  return ticks.reduce((sum, one) => sum + one, 0) / ticksPerSecond;
}

/** Empty for a process that is gone. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

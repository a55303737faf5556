/**
 * How a benchmark learns that a process runs, the same for a task of Mob's and for a bare one: the
 * first thing that its command does is to make a file, whose name tells it and its pid, in a folder
 * that is watched. So there is no polling in what is measured.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type FSWatcher, mkdtempSync, watch } from "node:fs";
import { join } from "node:path";

export class Signs {
  readonly folder: string;
  readonly #watcher: FSWatcher;
  readonly #waiting = new Map<string, (pid: number) => void>();
  /** Of the last sign of each name: a file may be told of more than once. */
  readonly #pids = new Map<string, number>();

  /** Makes a folder in `parent`. */
  constructor(parent: string) {
    this.folder = mkdtempSync(join(parent, "signs-"));
    this.#watcher = watch(this.folder, (_event, file) => this.#note(file ?? ""));
  }

  /** A command that makes the sign, and then does `then`. */
  command(name: string, then = "exec sleep 1000"): string {
    return `: >${this.folder}/${name}.$$; ${then}`;
  }

  /** The pid of the process that makes the sign `name` next: to be called before it can. */
  appeared(name: string): Promise<number> {
    return new Promise((tell) => this.#waiting.set(name, tell));
  }

  close(): void {
    this.#watcher.close();
  }

  #note(file: string): void {
    const dot = file.lastIndexOf(".");
    const [name, pid] = [file.slice(0, dot), Number(file.slice(dot + 1))];
    if (this.#pids.get(name) === pid) return;
    this.#pids.set(name, pid);
    this.#waiting.get(name)?.(pid);
  }
}

/** Spawns bash with the command of the sign `name`; resolves when that runs. */
export async function startBare(signs: Signs, name: string): Promise<ChildProcess> {
  const runs = signs.appeared(name);
  const child = spawnBare(signs, name);
  await runs;
  return child;
}

export function spawnBare(signs: Signs, name: string): ChildProcess {
  return spawn("bash", ["-c", signs.command(name)], { stdio: "ignore", detached: true });
}

/** `kill -9` of bare processes; resolves when all have ended. */
export async function killAll(children: readonly ChildProcess[]): Promise<void> {
  const ended = children.map((child) => once(child, "exit"));
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(ended);
}

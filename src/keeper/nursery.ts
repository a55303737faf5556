/**
 * The nursery: one small shell that forks all shims of a keeper. To fork a process as large as a node
 * holds the event loop up for milliseconds; to ask the nursery for a fork is a write. It ends with the
 * node, as its input does.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { closeInherited } from "./inherited-fds.ts";
import { handFd } from "./shim.ts";

/** Shims that are forked and told their tasks at the same time: as many descriptors, from `handFd` on. */
const slotsMax = 4;

/**
 * Reads the descriptor on which the next shim is to be told its task, forks it, and answers with that
 * and its pid. `set -m` has bash give it a process group of its own and leave SIGINT as it was. It has
 * no other of these descriptors, and no variable that is bash's own.
 */
const nurseryScript = `${closeInherited(handFd + slotsMax)}
set -m
unset SHLVL OLDPWD
while read -r slot; do
  /bin/sh "$1" </dev/null >/dev/null 2>&1 ${handFd}<&"$slot" ${closeOthers()} &
  echo "$slot $!"
  disown
done`;

export interface NurseryOptions {
  /** Where `installShim` put it. */
  readonly shim: string;
  /** What every task inherits. */
  readonly env: Readonly<Record<string, string>>;
}

/** A shim that waits to be told its task. */
export interface Forked {
  readonly pid: number;
  /**
   * Gives it a line.
   * @throws Error when the nursery has ended, and so this shim
   */
  tell(line: string): void;
  /** To be called once, when it has its task or is dead: another may then have its descriptor. */
  done(): void;
}

interface Asked {
  readonly resolve: (pid: number) => void;
  readonly reject: (error: Error) => void;
}

export class Nursery {
  readonly #child: ChildProcess;
  /** By descriptor. */
  readonly #slots = new Map<number, Socket>();
  readonly #free: number[];
  readonly #waiting: ((slot: number) => void)[] = [];
  readonly #asked = new Map<number, Asked>();
  #unread = "";
  #end: Error | undefined;

  constructor({ shim, env }: NurseryOptions) {
    // It runs no file of the user's (a bash whose input is a socket takes itself for a remote shell).
    this.#child = spawn("bash", ["--norc", "-pc", nurseryScript, "mob-nursery", shim], {
      cwd: "/",
      env,
      detached: true,
      stdio: ["pipe", "pipe", "ignore", ...Array.from({ length: slotsMax }, () => "pipe" as const)],
    });
    this.#child.once("error", (error) => {
      this.#noteEnd(new Error(`bash, which starts tasks, cannot be run: ${error.message}`));
    });
    this.#child.unref(); // It keeps no node from ending, nor do its pipes.
    // Where no more files can be opened there are no pipes, whatever the types say.
    for (const [fd, pipe] of (this.#child.stdio ?? []).entries()) {
      if (!(pipe instanceof Socket)) continue;
      pipe.unref().on("error", () => {}); // Whoever was at its other end has ended, which is told as such.
      if (fd >= handFd) this.#slots.set(fd, pipe);
    }
    this.#free = [...this.#slots.keys()];
    this.#child.stdout?.setEncoding("latin1").on("data", (text: string) => this.#hear(text));
    this.#child.once("exit", () => this.#noteEnd(new Error("the shell that starts tasks ended")));
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Forks a shim, when there is a descriptor for it.
   * @throws Error when the nursery could not be started, or has ended
   */
  async fork(): Promise<Forked> {
    const slot =
      this.#free.shift() ?? (await new Promise<number>((take) => this.#waiting.push(take)));
    const pid = await new Promise<number>((resolve, reject) => {
      this.#check();
      this.#asked.set(slot, { resolve, reject });
      this.#child.stdin?.write(`${slot}\n`);
    });
    return {
      pid,
      tell: (line) => {
        this.#check();
        this.#slots.get(slot)?.write(line);
      },
      done: () => this.#release(slot),
    };
  }

  /** It and the shims that wait end. */
  close(): void {
    this.#noteEnd(new Error("the keeper was closed"));
    this.#child.kill("SIGKILL");
    this.#child.stdin?.destroy();
  }

  #check(): void {
    if (this.#end !== undefined) throw this.#end;
  }

  #hear(text: string): void {
    const lines = (this.#unread + text).split("\n");
    this.#unread = lines.pop() ?? "";
    for (const line of lines) {
      const [slot, pid] = line.split(" ").map(Number);
      if (slot === undefined || pid === undefined) continue;
      this.#asked.get(slot)?.resolve(pid);
      this.#asked.delete(slot);
    }
  }

  #release(slot: number): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(slot);
    else next(slot);
  }

  #noteEnd(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    for (const { reject } of this.#asked.values()) reject(error);
    for (const take of this.#waiting.splice(0)) take(handFd); // To be told that it has ended.
    for (const socket of this.#slots.values()) socket.destroySoon(); // What was told is still read.
  }
}

function closeOthers(): string {
  return Array.from({ length: slotsMax - 1 }, (_, i) => `${handFd + 1 + i}<&-`).join(" ");
}

/**
 * The shims of a keeper. One is kept ready, so that neither the fork of a process as large as a node
 * nor the start of a shell is on a task's way to run. It ends with the node, as nobody can hand it a
 * task any more.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { isAlive, type ProcessIdentity, readStat } from "./process-identity.ts";
import { handFd, handLine, type ShimTask } from "./shim.ts";

type Environment = Readonly<Record<string, string>>;

/** A shell reads what it is handed byte by byte: a larger environment is given to it with its start. */
const handedCharsMax = 8_192;
/** Names that some shell gives a meaning of its own, or does not let be set. */
const shellsOwn =
  /^(?:_|BASH.*|DIRSTACK|EUID|FUNCNAME|GROUPS|HISTCMD|IFS|LINENO|MOB_LINE|MOB_NEWLINE|OPT.*|PPID|RANDOM|SECONDS|SHELLOPTS|UID)$/;
/** After the last of several starts, until the next shim is made ready: what they do comes first. */
const prepareAfterMs = 40;

/** A shim that waits for its task. */
export interface Shim {
  readonly process: ChildProcess;
  readonly identity: ProcessIdentity;
  hand(task: ShimTask): void;
}

export interface ShimsOptions {
  /** Where `installShim` put it. */
  readonly path: string;
  readonly bootId: string;
  /** What every task inherits. */
  readonly env: Environment;
}

export class Shims {
  readonly #options: ShimsOptions;
  #ready: Shim | undefined;
  #preparing: NodeJS.Timeout | undefined;

  constructor(options: ShimsOptions) {
    this.#options = options;
  }

  /** Whether a task with this environment can have the one that is ready. */
  isReadyFor(env: Environment): boolean {
    return this.#ready !== undefined && canBeHanded(env);
  }

  /**
   * The shim that is ready, or else one that is started now; its task's environment is `env`.
   * @throws Error of the system, when no process can be started
   */
  async take(env: Environment): Promise<Shim> {
    const ready = this.#ready;
    if (ready === undefined || !canBeHanded(env)) return this.#start(env);
    this.#ready = undefined;
    // That one was killed may not be told yet.
    return isAlive(ready.identity, this.#options.bootId) ? ready : this.#start(env);
  }

  /** Has one ready soon. */
  prepare(): void {
    if (this.#ready !== undefined) return;
    clearTimeout(this.#preparing);
    this.#preparing = setTimeout(() => {
      this.#preparing = undefined;
      // Where none can be started now, the next task tries again and is told why.
      this.#prepare().catch(() => {});
    }, prepareAfterMs).unref();
  }

  close(): void {
    clearTimeout(this.#preparing);
    this.#ready?.process.kill("SIGKILL");
    this.#ready = undefined;
  }

  async #prepare(): Promise<void> {
    const shim = await this.#start({});
    shim.process.once("exit", () => {
      if (this.#ready === shim) this.#ready = undefined;
    });
    this.#ready = shim;
  }

  /**
   * Starts a shim in a session of its own. Not by execa: that costs 2 ms more a start, and sets up
   * promises and streams for a process that is only ever left alone.
   */
  async #start(given: Environment): Promise<Shim> {
    const { path, bootId, env } = this.#options;
    const child = spawn("/bin/sh", [path], {
      cwd: "/",
      env: { ...env, ...given },
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    child.unref(); // Waiting or running, it keeps no node from ending.
    await once(child, "spawn");
    const pipe = child.stdio[handFd];
    if (child.pid === undefined || !(pipe instanceof Socket)) throw new Error("it has no pid");
    pipe.unref().on("error", () => {}); // Its shim has ended, which is told as such.
    const identity = { pid: child.pid, startTicks: readStat(child.pid)?.startTicks, bootId };
    const hand = (task: ShimTask) => {
      const handed = canBeHanded(task.env) ? task.env : {};
      pipe.end(handLine({ ...task, env: handed }), () => pipe.destroy());
      child.stdio[handFd] = null; // The child is kept as long as it runs, and would keep the socket.
    };
    return { process: child, identity, hand };
  }
}

/** Whether an environment may be handed over to a shim that runs. */
function canBeHanded(env: Environment): boolean {
  let chars = 0;
  for (const [name, value] of Object.entries(env)) {
    chars += name.length + value.length;
    if (shellsOwn.test(name) || value.includes("\0")) return false;
  }
  return chars <= handedCharsMax;
}

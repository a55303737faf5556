/**
 * A node of its own on a host of the network: `./mob` as a user starts it there, with a home on disk that
 * outlives it. Its API is asked over its Unix socket, which no firewall is in front of.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LocalEndpoint } from "../../../src/client/endpoint.ts";
import { findLocalNode } from "../../../src/client/local-node.ts";
import type { DiskImage } from "../../../src/simulator/virtual-disk.ts";
import { committedIn } from "../committed.ts";
import { eventually } from "../eventually.ts";
import { removeLeftoverCgroups } from "../leftover-cgroups.ts";
import { markedProcesses } from "../marked-processes.ts";
import { type Output, root } from "../mob-node.ts";
import { processAlive } from "../process-alive.ts";
import type { Cleanup } from "./cleanup.ts";
import type { Host } from "./lan.ts";
import { inside } from "./tools.ts";

/** Every node's; they have a host each. */
const port = 6666;
/** Tells what a host's processes are found by; the task inherits it of its node. */
const hostVariable = "MOB_TEST_HOST";
/** Of what a node prints: kept to be shown. */
const printedMax = 20_000;

export class LanNode {
  readonly host: Host;
  readonly home: string;
  /** The end of what it has printed since it was last started. */
  printed = "";
  readonly #env: NodeJS.ProcessEnv;
  readonly #logFile: string | undefined;
  #child: ChildProcess | undefined;

  /** `home` lies in a folder that is removed afterwards; what its node prints goes to `logFile` too. */
  constructor(cleanup: Cleanup, host: Host, home: string, logFile?: string) {
    this.host = host;
    this.home = home;
    this.#logFile = logFile;
    const { MOB_PORT: _port, ...env } = process.env;
    this.#env = { ...env, MOB_HOME: home, [hostVariable]: home, NO_COLOR: "1" };
    mkdirSync(home, { mode: 0o700 });
    cleanup.after(() => this.#endAll());
  }

  get dataFolder(): string {
    return join(this.home, String(port));
  }

  /** As its user's commands find it, while it runs. */
  get endpoint(): LocalEndpoint {
    return findLocalNode(join(this.home, "run"), port);
  }

  /** The process of its present life, also of one that has ended; 0 before the first. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Makes it one of the network of `other`, which has run before. Before its own first start. */
  takeKeyOf(other: LanNode): void {
    copyFileSync(join(other.home, "network.key"), join(this.home, "network.key"));
  }

  /**
   * Resolves once it is up. `ended`: it has ended, and was not killed here.
   * @throws Error with what it printed when it ends before it is up
   */
  async start(args: readonly string[], ended: () => void = () => {}): Promise<void> {
    this.printed = "";
    const { name, namespace } = this.host;
    const [program, ...before] = inside(namespace);
    const child = spawn(program, [...before, "./mob", "-p", String(port), ...args], {
      cwd: root,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => this.#print(text));
    }
    child.on("exit", () => {
      if (!child.killed) ended();
    });
    await eventually(() => {
      if (!this.#isThere()) {
        throw new Error(`the node on ${name} ended: ${this.printed}`);
      }
      return this.printed.includes(" is up on ");
    }, `the node on ${name}`);
  }

  /** `mob ARGS` on this host, to its end. */
  mob(...args: readonly string[]): Promise<Output> {
    return this.#run("./mob", ...args);
  }

  /** A script for Node on this host, to its end. */
  script(text: string): Promise<Output> {
    return this.#run(process.execPath, "--input-type=module", "-e", text);
  }

  /** Makes it stand still, or go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    if (this.#isThere()) process.kill(this.pid, signal);
  }

  /** Kills it at once; resolves when it is gone. */
  async crash(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await eventually(() => !this.#isThere(), `the end of the node on ${this.host.name}`);
  }

  #run(...command: readonly string[]): Promise<Output> {
    const [program, ...before] = inside(this.host.namespace);
    const options = { cwd: root, env: this.#env };
    return new Promise((resolve) => {
      execFile(program, [...before, ...command], options, (error, stdout, stderr) => {
        const code = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** Until its end is known here. */
  #isThere(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Pids of its host's tasks: all that lives, or what has `NAME=value` in its environment. */
  processes(...entries: readonly string[]): readonly number[] {
    return markedProcesses(`${hostVariable}=${this.home}`, ...entries);
  }

  /** What is committed to its disk, whether it runs or not. Empty before its first start. */
  flushed(): DiskImage {
    const path = join(this.dataFolder, "store");
    return existsSync(path) ? committedIn(path) : new Map();
  }

  #print(text: string): void {
    this.printed = (this.printed + text).slice(-printedMax);
    if (this.#logFile !== undefined) appendFileSync(this.#logFile, text);
  }

  async #endAll(): Promise<void> {
    await this.crash();
    await eventually(() => {
      const left = this.processes();
      for (const pid of left) if (processAlive(pid)) process.kill(pid, "SIGKILL");
      return left.length === 0;
    }, `the end of every process on ${this.host.name}`);
    const keeper = join(this.dataFolder, "tasks", "bash");
    if (existsSync(keeper)) await removeLeftoverCgroups(keeper);
  }
}

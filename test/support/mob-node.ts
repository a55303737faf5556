/**
 * Real nodes for end-to-end tests: `./mob` as a user starts it, each on a free port with a data folder
 * of its own. After the test nothing of them is left: no node, no task, no file.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { InstanceView } from "../../src/api/shapes.ts";
import type { LocalEndpoint } from "../../src/client/endpoint.ts";
import { findLocalNode } from "../../src/client/local-node.ts";
import { eventually } from "./eventually.ts";
import { removeLeftoverCgroups } from "./leftover-cgroups.ts";
import { markedProcesses } from "./marked-processes.ts";
import { processAlive } from "./process-alive.ts";
import { tempFolder } from "./temp-folder.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface NodeOptions {
  /** Default: one that is free now. */
  readonly port?: number;
  /** Default `bash`. */
  readonly providers?: string;
  /** Where the command is given; default: the checkout. */
  readonly cwd?: string;
  /** More of the command line. */
  readonly args?: readonly string[];
}

/** Several nodes of one test, and their tasks. */
export class Lab {
  readonly home: string;
  /** What precedes every command, where nodes are to run in namespaces of their own; empty: nothing. */
  readonly enter: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly #nodes: MobNode[] = [];
  /** Every task inherits it, so that what is left can be found. */
  readonly #mark: string;

  private constructor(
    home: string,
    more: Readonly<Record<string, string>>,
    enter: readonly string[],
  ) {
    this.home = home;
    this.enter = enter;
    this.#mark = `MOB_LAB=${home}`;
    const { MOB_PORT: _port, ...env } = process.env;
    // Engines of the machine's are no test's business.
    const engines = { DOCKER_HOST: "unix:///no/docker", CONTAINER_HOST: "unix:///no/podman" };
    this.env = { ...env, ...engines, ...more, MOB_HOME: home, MOB_LAB: home, NO_COLOR: "1" };
  }

  /** @param more of the environment of its nodes; @param enter see the field */
  static async open(
    t: TestContext,
    more: Readonly<Record<string, string>> = {},
    enter: readonly string[] = [],
  ): Promise<Lab> {
    let lab: Lab | undefined;
    t.after(() => lab?.close()); // Before the folder goes: hooks run in the order of registration.
    lab = new Lab(await tempFolder(t), more, enter);
    return lab;
  }

  /** Starts a node and waits until it says that it is up. */
  async start(options: NodeOptions = {}): Promise<MobNode> {
    const port = options.port ?? (await freePort());
    const node = new MobNode(this, port);
    this.#nodes.push(node);
    await node.start(options);
    return node;
  }

  /** Two nodes that have joined. */
  async pair(): Promise<readonly [MobNode, MobNode]> {
    const [a, b] = [await this.start(), await this.start()];
    await a.mob("join", `127.0.0.1:${b.port}`);
    return [a, b];
  }

  /** Runs a program of the checkout to its end. */
  run(program: "./mob" | "./mobcli", args: readonly string[], stdin = ""): Promise<Output> {
    const [first = "", ...rest] = this.words(program, args);
    return this.#execute(first, rest, stdin);
  }

  /** A command as it is run: where the nodes are, and in the checkout all the same. */
  words(program: string, args: readonly string[]): readonly string[] {
    if (this.enter.length === 0) return [program, ...args];
    return [...this.enter, "env", `--chdir=${root}`, program, ...args];
  }

  /** Runs a script with bash, in the checkout. */
  shell(script: string): Promise<Output> {
    return this.#execute("bash", ["-c", script], "");
  }

  #execute(program: string, args: readonly string[], stdin: string): Promise<Output> {
    return new Promise((resolve) => {
      const options = { cwd: root, env: this.env, maxBuffer: 256 * 1024 * 1024 };
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        const code = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
        resolve({ code, stdout, stderr });
      });
      child.stdin?.end(stdin);
    });
  }

  /** Pids of everything that was started in this lab and lives: all, or what has `entries` (`NAME=value`) in its environment. */
  processes(...entries: string[]): number[] {
    return markedProcesses(this.#mark, ...entries);
  }

  /**
   * Ends every process that was started here, and removes what they leave.
   * @throws Error when Node warned of something in one of the nodes
   */
  async close(): Promise<void> {
    for (const node of this.#nodes) node.kill();
    await eventually(() => {
      const left = this.processes();
      for (const pid of left) kill(pid);
      return left.length === 0;
    }, "the end of every process of the test");
    // Also of nodes that a test has started by itself.
    for (const data of readdirSync(this.home)) {
      const tasks = join(this.home, data, "tasks");
      const keepers = existsSync(tasks) ? readdirSync(tasks) : [];
      for (const keeper of keepers) await removeLeftoverCgroups(join(tasks, keeper));
    }
    const warnings = this.#nodes.flatMap((node) => node.warnings);
    if (warnings.length > 0) throw new Error(`Node warned: ${warnings.join("; ")}`);
  }
}

export class MobNode {
  readonly port: number;
  readonly lab: Lab;
  /** What it has printed since it was last started. */
  printed = "";
  #printedBefore = "";
  #child: ChildProcess | undefined;

  constructor(lab: Lab, port: number) {
    this.lab = lab;
    this.port = port;
  }

  get dataFolder(): string {
    return join(this.lab.home, String(this.port));
  }

  /** As its user's commands find it, while it runs. */
  get endpoint(): LocalEndpoint {
    return findLocalNode(join(this.lab.home, "run"), this.port);
  }

  /** Of Node itself, since it was first started: of a leak of listeners, say. */
  get warnings(): readonly string[] {
    return `${this.#printedBefore}${this.printed}`.match(/^\(node:\d+\) .*Warning.*$/gm) ?? [];
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start({ providers = "bash", cwd = root, args = [] }: NodeOptions = {}): Promise<void> {
    this.#printedBefore += this.printed;
    this.printed = "";
    const options = ["-p", String(this.port), "-P", providers, ...args];
    const [program = "", ...words] = this.lab.words(join(root, "mob"), options);
    const child = spawn(program, words, {
      cwd,
      env: this.lab.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.printed += text;
      });
    }
    await eventually(() => {
      if (child.exitCode !== null) throw new Error(`the node ended: ${this.printed}`);
      return this.printed.includes(" is up on ");
    }, `the node on ${this.port}`);
  }

  /** `kill -9` of the node process; resolves when it is gone. */
  async crash(): Promise<void> {
    const { pid } = this;
    this.kill();
    await eventually(() => !processAlive(pid), "the end of the node");
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    child?.kill("SIGTERM");
    await eventually(
      () => child?.exitCode !== null || child?.signalCode !== null,
      "the node's end",
    );
    return child?.exitCode ?? null;
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  /** `mob ARGS -p PORT`. @throws Error with what it printed when it fails. */
  async mob(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(...args);
    if (code !== 0) throw new Error(`mob ${args.join(" ")} exited with ${code}: ${stderr}`);
    return stdout;
  }

  /** The same, whatever its exit code. */
  try(...args: readonly string[]): Promise<Output> {
    return this.lab.run("./mob", [...args, "-p", String(this.port)]);
  }

  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.mob(...args, "--json")) as T;
  }

  async deploy(spec: object): Promise<void> {
    await this.mob("deploy", JSON.stringify(spec));
  }

  /** The one instance of a service, as this node tells it. */
  async instance(name: string): Promise<InstanceView | undefined> {
    const all = await this.json<InstanceView[]>("ls");
    return all.find((instance) => instance.name === name);
  }

  /** Waits until the service is in one of `states`, and tells how it is. */
  async until(name: string, ...states: readonly InstanceView["state"][]): Promise<InstanceView> {
    return eventually(
      async () => {
        const instance = await this.instance(name);
        return instance !== undefined && states.includes(instance.state) ? instance : undefined;
      },
      `${name} to be ${states.join(" or ")}`,
    );
  }

  /** The same of what takes long to run: `patienceMs` at most. */
  async untilItRuns(name: string, patienceMs: number): Promise<InstanceView> {
    return eventually(
      async () => {
        const now = await this.instance(name);
        return now?.state === "running" && now;
      },
      `${name} to run`,
      patienceMs,
    );
  }

  /** The pid of a service's task. */
  async taskPid(name: string): Promise<number> {
    const { handle } = await this.until(name, "running");
    return Number(handle["pid"]);
  }
}

/** A port on which nobody listens now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}

export function bash(name: string, command: string, more: object = {}): object {
  return { name, provider: "bash", params: { command }, ...more };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

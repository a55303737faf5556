/**
 * Real nodes for benchmarks: `./mob` as built, each on a free port, with its data in a folder that goes
 * with it. What ran on them and all that is theirs is gone after `close`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { root } from "../scripts/root.ts";
import { type Client, createClient } from "../src/client/client.ts";
import { findLocalNode } from "../src/client/local-node.ts";
import { markedProcesses } from "../test/support/marked-processes.ts";

export interface RealNode {
  readonly port: number;
  readonly socketPath: string;
  readonly client: Client;
  readonly process: ChildProcess;
  /** From the start of the process until its port was open, ms. */
  readonly openAfterMs: number;
}

/** Time between two tries of a port. */
const tryEveryMs = 4;

export class RealNodes {
  readonly folder = mkdtempSync(join(tmpdir(), "mob-bench-"));
  readonly env: NodeJS.ProcessEnv;
  readonly #nodes: RealNode[] = [];

  constructor() {
    const { MOB_PORT: _port, ...env } = process.env;
    this.env = { ...env, MOB_HOME: this.folder, MOB_BENCH: this.folder };
  }

  /** Starts a node, and resolves once its port is open. */
  async start(providers = "bash"): Promise<RealNode> {
    const port = await freePort();
    const beganAt = performance.now();
    const args = ["-p", String(port), "-P", providers];
    const child = spawn("./mob", args, { cwd: root, env: this.env, stdio: "ignore" });
    while (!(await isOpen(port))) {
      if (child.exitCode !== null) throw new Error(`the node ended with ${child.exitCode}`);
      await setTimeout(tryEveryMs);
    }
    const openAfterMs = performance.now() - beganAt;
    while (!existsSync(join(this.folder, "run", String(port)))) await setTimeout(tryEveryMs);
    const endpoint = findLocalNode(join(this.folder, "run"), port);
    const client = createClient(endpoint);
    const { socketPath } = endpoint;
    const node = { port, socketPath, client, process: child, openAfterMs };
    this.#nodes.push(node);
    await client.nodes();
    return node;
  }

  /** All processes of the nodes and of their tasks: they inherit a mark. */
  processes(): readonly number[] {
    return markedProcesses(`MOB_BENCH=${this.folder}`);
  }

  async stop(node: RealNode): Promise<void> {
    node.client.close();
    node.process.kill("SIGTERM");
    while (node.process.exitCode === null && node.process.signalCode === null) await setTimeout(5);
  }

  async close(): Promise<void> {
    for (const node of this.#nodes) await this.stop(node);
    for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A service as a user would deploy it. */
export function bashService(name: string, command: string): object {
  return { name, provider: "bash", params: { command }, stop: { grace: "1s" } };
}

/** Removed by one call: on a busy machine a thousand take longer than a call may. */
const removedAtOnce = 250;

/** Removes every service there is. */
export async function removeAll(client: Client): Promise<void> {
  const names = (await client.services()).map(({ name }) => name);
  for (let from = 0; from < names.length; from += removedAtOnce) {
    await client.act("remove", names.slice(from, from + removedAtOnce));
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** A port on which nobody listens now. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

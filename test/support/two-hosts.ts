/**
 * Two hosts on one machine: network namespaces joined by a cable (veth), each with an address, a
 * MOB_HOME and a loopback of its own. Needs root and `ip` (iproute2); leaves nothing behind.
 */
import { execFile, execFileSync, spawn } from "node:child_process";
import type { TestContext } from "node:test";
import { eventually } from "./eventually.ts";
import { root } from "./mob-node.ts";
import { processAlive } from "./process-alive.ts";
import { tempFolder } from "./temp-folder.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Host {
  /** Its address on the cable between the two. */
  readonly address: string;
  /** `mob ARGS` on this host, to its end. */
  mob(...args: readonly string[]): Promise<Ran>;
  /** A script for Node on this host, to its end. */
  node(script: string): Promise<Ran>;
  /** Starts a node here; resolves once it is up. */
  start(...args: readonly string[]): Promise<void>;
}

/** Why hosts cannot be made here; false: they can. */
export function whyNoHosts(): string | false {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return "network namespaces need root on Linux";
  }
  try {
    execFileSync("ip", ["netns", "list"], { stdio: "ignore" });
  } catch {
    return "there is no working `ip netns` (iproute2)";
  }
  const name = `mob-try-${process.pid}`;
  try {
    execFileSync("ip", ["netns", "add", name], { stdio: "ignore" });
    execFileSync("ip", ["netns", "delete", name], { stdio: "ignore" });
    return false;
  } catch {
    return "network namespaces are not allowed here";
  }
}

/** Gone after the test, with every process in them. */
export async function twoHosts(t: TestContext): Promise<readonly [Host, Host]> {
  const names = ["a", "b"].map((letter) => `mob-${process.pid}-${letter}`);
  const [a = "", b = ""] = names;
  t.after(async () => {
    for (const name of names) await endAll(name);
    for (const name of names) ip("netns", "delete", name);
  });
  for (const name of names) ip("netns", "add", name);
  const cable = [`moba${process.pid}`, `mobb${process.pid}`] as const;
  ip("link", "add", cable[0], "netns", a, "type", "veth", "peer", "name", cable[1], "netns", b);
  const addresses = ["10.111.0.1", "10.111.0.2"] as const;
  for (const [i, name] of names.entries()) {
    ip("-n", name, "address", "add", `${addresses[i]}/24`, "dev", cable[i] ?? "");
    ip("-n", name, "link", "set", cable[i] ?? "", "up");
    ip("-n", name, "link", "set", "lo", "up");
  }
  const homes = [await tempFolder(t), await tempFolder(t)];
  return [host(a, addresses[0], homes[0] ?? ""), host(b, addresses[1], homes[1] ?? "")];
}

function host(namespace: string, address: string, home: string): Host {
  const { MOB_PORT: _port, ...own } = process.env;
  const env = { ...own, MOB_HOME: home, NO_COLOR: "1" };
  const here = ["netns", "exec", namespace];
  const inside = [...here, "./mob"];
  const run = (args: readonly string[]) =>
    new Promise<Ran>((resolve) => {
      execFile("ip", args, { cwd: root, env }, (error, stdout, stderr) => {
        const code = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
        resolve({ code, stdout, stderr });
      });
    });
  return {
    address,
    mob: (...args) => run([...inside, ...args]),
    node: (script) => run([...here, process.execPath, "--input-type=module", "-e", script]),
    async start(...args) {
      let printed = "";
      const child = spawn("ip", [...inside, ...args], {
        cwd: root,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          printed += text;
        });
      }
      await eventually(() => {
        if (child.exitCode !== null) throw new Error(`the node ended: ${printed}`);
        return printed.includes(" is up on ");
      }, `a node at ${address}`);
    },
  };
}

/** Ends every process of a namespace; tasks outlive their node. */
async function endAll(namespace: string): Promise<void> {
  await eventually(() => {
    const pids = ip("netns", "pids", namespace).split("\n").filter(Boolean).map(Number);
    for (const pid of pids) if (processAlive(pid)) process.kill(pid, "SIGKILL");
    return pids.length === 0;
  }, `the end of every process in ${namespace}`);
}

function ip(...args: readonly string[]): string {
  return execFileSync("ip", args, { encoding: "utf8" });
}

/**
 * `npm run demo`: the whole job, by itself and in under a minute. Two nodes, a join, services deployed
 * through one and run by the other, a task killed and restarted, a node killed and its task taken over
 * again. It prints what it does and what it saw; what it started is gone at the end.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceView } from "../src/api/shapes.ts";
import { markedProcesses } from "../test/support/marked-processes.ts";
import { root } from "./root.ts";

const home = await mkdtemp(join(tmpdir(), "mob-demo-"));
const { MOB_PORT: _port, ...inherited } = process.env;
/** Nodes and tasks inherit it, so that none can be left behind, whatever fails. */
const mark = { MOB_DEMO: home };
const env = { ...inherited, ...mark, MOB_HOME: home };

/** Runs a command against a node, shows both, and gives what it printed. */
async function mob(port: number, ...args: readonly string[]): Promise<string> {
  console.log(`\n$ ./mob ${[...args, "-p", port].map(quoted).join(" ")}`);
  const printed = await quietly(port, ...args);
  process.stdout.write(printed);
  return printed;
}

function quietly(port: number, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      "./mob",
      [...args, "-p", String(port)],
      { cwd: root, env },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`mob ${args.join(" ")} failed: ${stderr}`));
      },
    );
  });
}

function quoted(arg: string | number): string {
  return /^[\w@.:/-]+$/.test(String(arg)) ? String(arg) : `'${arg}'`;
}

function say(text: string): void {
  console.log(`\n— ${text}`);
}

/** Starts a node in this process's background; resolves with its pid once it is up. */
function startNode(port: number): Promise<number> {
  console.log(`\n$ ./mob -p ${port} -P bash`);
  const node = spawn("./mob", ["-p", String(port), "-P", "bash", "--log-level", "warn"], {
    cwd: root,
    env,
    detached: true, // Ctrl-C is for the demo, which then stops its nodes itself.
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    node.once("error", reject);
    node.once("exit", () => reject(new Error(`the node on ${port} ended`)));
    node.stdout.setEncoding("utf8").on("data", (text: string) => {
      process.stdout.write(text);
      if (text.includes("providers:")) resolve(node.pid ?? 0);
    });
  });
}

/** Looks until the service is as wanted; the demo fails when that takes 20 s. */
async function until(
  port: number,
  name: string,
  wanted: (instance: InstanceView) => boolean,
): Promise<InstanceView> {
  const giveUpAt = Date.now() + 20_000;
  while (Date.now() < giveUpAt) {
    const all: InstanceView[] = JSON.parse(await quietly(port, "ls", "--json"));
    const found = all.find((instance) => instance.name === name);
    if (found !== undefined && wanted(found)) return found;
    await delay(100);
  }
  throw new Error(`${name} did not become what the demo expected`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === "object" && address !== null ? address.port : 0),
      );
    });
  });
}

function taskPid({ handle }: InstanceView): number {
  return Number(handle["pid"]);
}

async function story(a: number, b: number, nodes: Map<number, number>): Promise<void> {
  say("Two nodes, each a network of its own.");
  for (const port of [a, b]) {
    nodes.set(port, 0); // From here on it may have to be stopped.
    nodes.set(port, await startNode(port));
  }

  say("One joins the other: now they are one network, and either answers for both.");
  await mob(a, "join", `127.0.0.1:${b}`);

  say("Services deployed through one node; web requires db, which is deployed after it.");
  const ticking = "while true; do date; sleep 1; done";
  const web = { name: "web", provider: "bash", params: { command: ticking }, requires: ["db"] };
  await mob(a, "deploy", JSON.stringify(web));
  await mob(
    a,
    "deploy",
    JSON.stringify({ name: "db", provider: "bash", params: { command: ticking } }),
  );
  const started = await until(b, "web", ({ state }) => state === "running");
  await mob(b, "ls");
  await mob(b, "logs", "web");

  say(`kill -9 of web's task, process ${taskPid(started)}: its supervisor starts another.`);
  process.kill(taskPid(started), "SIGKILL");
  const again = await until(
    a,
    "web",
    (it) => it.state === "running" && taskPid(it) !== taskPid(started),
  );
  await mob(a, "ls");

  const home = again.node?.startsWith(`${a}@`) === true ? a : b;
  say(`kill -9 of the node that runs web, ${again.node}: its tasks do not notice.`);
  process.kill(nodes.get(home) ?? 0, "SIGKILL");
  process.kill(taskPid(again), 0);
  console.log(`process ${taskPid(again)} of web is still there`);

  say("The node starts again, and takes its tasks over.");
  nodes.set(home, await startNode(home));
  const adopted = await until(home, "web", ({ state }) => state === "running");
  if (taskPid(adopted) !== taskPid(again)) throw new Error("web was restarted, not taken over");
  console.log(`web is running, and still process ${taskPid(adopted)}`);

  say("Removed through the other node; nothing is left.");
  await mob(home === a ? b : a, "rm", "web", "db");
  await mob(a, "ls");
}

/** Stops what the story started. After a failure a service may still be there, or its node be gone. */
async function cleanUp(nodes: ReadonlyMap<number, number>): Promise<void> {
  for (const port of nodes.keys()) {
    const left: InstanceView[] = await quietly(port, "ls", "--json").then(JSON.parse, () => []);
    const names = left.map(({ name }) => name);
    if (names.length > 0) await quietly(port, "rm", ...names).catch(() => {});
  }
  for (const port of nodes.keys()) await quietly(port, "down").catch(() => {});
  for (let left = ownProcesses(); left.length > 0; left = ownProcesses()) {
    for (const pid of left) kill(pid);
    await delay(50);
  }
  await rm(home, { recursive: true, force: true });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended since it was found.
  }
}

function ownProcesses(): number[] {
  return markedProcesses(`MOB_DEMO=${mark.MOB_DEMO}`);
}

/** Rejects when the user has seen enough. */
function interrupted(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
    }
  });
}

const nodes = new Map<number, number>();
try {
  await Promise.race([story(await freePort(), await freePort(), nodes), interrupted()]);
  say("That was all of it.");
} catch (error) {
  say(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cleanUp(nodes);
}

/**
 * What a node pays for health checks: a thousand at the default interval, as a share of a core. The
 * checkers are the node's own, on the real network; who answers is another process, whose time is not
 * counted. Checks that connect are held to a goal; each that runs a command starts a process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { healthChecker } from "../src/actors/health-checker.ts";
import { healthCheckerName, providerWorkerName } from "../src/actors/names.ts";
import type { ProviderWorkerInfo } from "../src/actors/provider-worker-protocol.ts";
import { asInstanceId, asNodeId } from "../src/core/ids.ts";
import { silentLog } from "../src/core/log.ts";
import { reachHost } from "../src/node/reach-host.ts";
import { realEnv } from "../src/node/real-env.ts";
import type { Behaviour } from "../src/otp/gen-server.ts";
import type { Protocol } from "../src/otp/protocol.ts";
import { createSystem } from "../src/otp/system.ts";
import { worker } from "../src/otp/worker.ts";
import { createBash } from "../src/providers/bash/bash.ts";
import type { FoundTask, Provider } from "../src/providers/provider.ts";
import { type HealthCheck, healthDefault } from "../src/services/health-policy.ts";
import type { BenchResult } from "./result.ts";

export const name = "health checks";

const services = 1_000;
/** Those that run a command are measured on fewer: starting processes is all that two cores then do. */
const withCommands = 100;
/** How long it is measured, in intervals. */
const intervals = 2;
/** Over which so many begin. */
const beginMs = 5_000;
const goalPercent = 5;

interface Target {
  readonly provider: Provider;
  readonly task: FoundTask;
}

export async function run(): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "mob-bench-"));
  const server = await startServer();
  const env = { PATH: process.env["PATH"] ?? "" };
  const provider = createBash({ folder, node: "bench", env, log: silentLog });
  const task = await startTask(provider);
  const target = { provider, task };
  try {
    const { port } = server;
    const tcp = await coreShare({ kind: "tcp", port }, services, target);
    const http = await coreShare({ kind: "http", port, path: "/" }, services, target);
    const exec = await coreShare({ kind: "exec", command: "true" }, withCommands, target);
    return [
      connecting("tcp", tcp),
      connecting("http", http),
      {
        metric: `${withCommands} exec checks every 10 s, by the node itself`,
        unit: "% of a core",
        ours: exec,
      },
    ];
  } finally {
    await provider.remove(task.instance);
    await provider.close();
    server.process.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function connecting(kind: string, percent: number): BenchResult {
  return {
    metric: `${services} ${kind} checks every 10 s`,
    unit: "% of a core",
    ours: percent,
    goal: `below ${goalPercent}`,
    met: percent < goalPercent,
  };
}

/** Percent of a core that this process takes while that many services are checked. */
async function coreShare(check: HealthCheck, count: number, target: Target): Promise<number> {
  const system = createSystem({ node: asNodeId("bench"), boot: 1, env: realEnv(silentLog) });
  let healthy = 0;
  let unhealthy = 0;
  const counts: Behaviour<undefined, Protocol, ProviderWorkerInfo> = {
    init: () => undefined,
    handlers: {},
    info(_, message) {
      // One that did not pass at first, of all that began at once, does so soon after.
      if (message.type !== "event" || message.event.kind !== "health") return undefined;
      if (message.event.healthy === true) healthy++;
      if (message.event.healthy === false) unhealthy++;
      return undefined;
    },
  };
  const policy = { check, ...healthDefault };
  const { provider, task } = target;
  for (let i = 0; i < count; i++) {
    const instance = asInstanceId(i.toString(16).padStart(16, "0"));
    const options = { instance, provider, reach: reachHost };
    await system.start(worker({ name: providerWorkerName(instance), behaviour: () => counts }));
    const named = { name: healthCheckerName(instance), behaviour: () => healthChecker(options) };
    await system.start(worker(named));
    const spec = { params: { command: "exec sleep 1000" }, env: {} };
    const checked = { task, startedAt: Date.now(), healthy: null, policy, spec };
    system.tell(healthCheckerName(instance), { type: "task", checked });
    await setTimeout(beginMs / count); // Services do not all start in one instant either.
  }
  try {
    // From their first success on they are spread over the interval.
    while (healthy < count && unhealthy === 0) await setTimeout(100);
    const before = process.cpuUsage();
    const beganAt = performance.now();
    await setTimeout(intervals * policy.intervalMs);
    const { user, system: kernel } = process.cpuUsage(before);
    if (unhealthy > 0) throw new Error(`${unhealthy} were found unhealthy`);
    return (user + kernel) / 10 / (performance.now() - beganAt);
  } finally {
    await system.shutdown();
  }
}

async function startTask(provider: Provider): Promise<FoundTask> {
  const instance = asInstanceId("f".repeat(16));
  const params = provider.parseParams({ command: "exec sleep 1000" });
  const logs = { fileBytesMax: 1_024, filesMax: 1 };
  const handle = await provider.start(instance, params, {
    service: "bench",
    attempt: 1,
    env: {},
    logs,
  });
  const task = { instance, attempt: 1, handle };
  await provider.adopt(task);
  return task;
}

async function startServer(): Promise<{ readonly process: ChildProcess; readonly port: number }> {
  const script = `require("http").createServer((_, answer) => answer.end()).listen(0, "127.0.0.1",
    function () { console.log(this.address().port) })`;
  const server = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(server.stdout, "data");
  return { process: server, port: Number(String(port)) };
}

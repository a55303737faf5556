/**
 * Runs a function as a task: a host under the keeper, whose processes come and go with what is to be done.
 * It outlives the node as every task does; the node finds it again, and speaks to it on a Unix socket.
 */
import { join } from "node:path";
import type { InstanceId } from "../../core/ids.ts";
import { Keeper } from "../../keeper/keeper.ts";
import type { KeptTask } from "../../keeper/kept-task.ts";
import { checkFolder, findProgram } from "../../keeper/program.ts";
import { keptLeftovers } from "../kept-leftovers.ts";
import { keptFeatures, measuredTasks } from "../kept-tasks.ts";
import { inParameter } from "../named-parameter.ts";
import { ownProgram } from "../own-program.ts";
import type { FoundTask, Provider, ProviderOptions, Task, TaskContext } from "../provider.ts";
import { HostClient } from "./host-client.ts";
import type { HostConfig } from "./host-config.ts";
import { type LambdaParams, lambdaParams } from "./params.ts";

const type = "lambda";

/** @throws Unavailable when the folder cannot be made or written. */
export function createLambda({ folder, log, env }: ProviderOptions): Provider<LambdaParams> {
  const keeper = new Keeper({ folder, log, env, provider: type });
  const hosts = new HostClient((instance) => workFolder(folder, instance));
  const kept = measuredTasks(keeper);
  return {
    ...kept,
    type,
    leftovers: keptLeftovers(keeper, type),
    parseParams: lambdaParams.parse,
    /** Its engine is the Node that runs the node. */
    async probe() {
      return { available: true, version: process.version, ...(await keptFeatures(keeper)) };
    },
    async start(instance, params, context) {
      // What a task that runs was started from may be gone by now.
      const known = (await keeper.list(instance)).find((one) => one.attempt === context.attempt);
      if (known !== undefined) return known.handle;
      await checkThere(params, context, env);
      const { flags, file } = ownProgram("lambda-host", "lambda/host-process.ts");
      const config = hostConfig(params, context, workFolder(folder, instance), env);
      const command = [process.execPath, ...smallHeap, ...flags, file];
      const script = JSON.stringify(config);
      const { attempt, limits } = context;
      return await keeper.start(instance, attempt, { command, script, env: {}, limits });
    },
    async adopt(found: FoundTask) {
      const task = await keeper.adopt(found.instance, found.attempt);
      if ("gone" in task) return task;
      hosts.add(found.instance, task.handle.pid);
      void task.exited.then(() => hosts.drop(found.instance, task.handle.pid));
      return neverPaused(task);
    },
    invocable: {
      invoke: (instance, event) => hosts.invoke(instance, event),
      load: (instance) => hosts.load(instance),
    },
    async close() {
      hosts.close();
      await kept.close();
    },
  };
}

/** Of a host that stands still nobody would have an answer. */
function neverPaused(task: KeptTask): Task {
  const { handle, startedAt, exited } = task;
  return {
    handle,
    startedAt,
    exited,
    stop: (options) => task.stop(options),
    release: () => task.release(),
  };
}

/**
 * What can be looked at before: a volume is there only once the task is.
 * @throws Unavailable naming the parameter that cannot be had on this node, and why
 */
async function checkThere(
  { code, command: [program] = [] }: LambdaParams,
  { env, volumes = [] }: TaskContext,
  inherited: ProviderOptions["env"],
): Promise<void> {
  if (volumes.length > 0) return;
  if (code !== undefined && isFolder(code)) await inParameter("code", checkFolder(code));
  if (program === undefined || program.startsWith(".")) return; // It is looked for from `code`.
  await inParameter("command", findProgram(program, env["PATH"] ?? inherited["PATH"]));
}

/** The one of Mob's for handlers of Node's. */
function ownRuntime(): Pick<HostConfig, "command" | "isOwnRuntime"> {
  const { flags, file } = ownProgram("lambda-runtime", "lambda/runtime.ts");
  // By default as of Node 20.19: a .js file may have ES imports.
  const command = [process.execPath, "--experimental-detect-module", ...flags, file];
  return { command, isOwnRuntime: true };
}

const smallHeap = ["--max-semi-space-size=1"];

/** Where the keeper has an instance's tasks run. */
function workFolder(folder: string, instance: InstanceId): string {
  return join(folder, "instances", instance, "work");
}

function hostConfig(
  { handler, code, command, timeout, concurrency, reserved, idle, queue }: LambdaParams,
  { service, env }: TaskContext,
  workFolder: string,
  inherited: ProviderOptions["env"],
): HostConfig {
  const folder = code !== undefined && isFolder(code) ? code : undefined;
  return {
    name: service,
    ...(command === undefined ? ownRuntime() : { command, isOwnRuntime: false }),
    root: code === undefined ? workFolder : (folder ?? join(workFolder, "code")),
    handler,
    inline: folder === undefined ? code : undefined,
    env: { ...inherited, ...env },
    pool: { concurrency, reserved, queueMax: queue, timeoutMs: timeout, idleMs: idle },
  };
}

/** Of code: a folder's path, rather than the text of a file. */
function isFolder(code: string): boolean {
  return code.startsWith("/") && !code.includes("\n");
}

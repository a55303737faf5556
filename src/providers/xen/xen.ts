/**
 * Runs a Xen domain as a task. Xen keeps the domain; a small script under the keeper has its console as its
 * log, and ends with it. A domain is found again by its name, which nothing else has: node, instance, attempt.
 */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { messageOf, Unavailable } from "../../core/errors.ts";
import type { InstanceId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { Keeper } from "../../keeper/keeper.ts";
import { keeperIdOf } from "../../keeper/keeper-folder.ts";
import type { KeptTask } from "../../keeper/kept-task.ts";
import { keptConsole } from "../kept-console.ts";
import { keptTasks } from "../kept-tasks.ts";
import { MachineTask } from "../machine-task.ts";
import type {
  Capabilities,
  FoundTask,
  Gone,
  Provider,
  ProviderOptions,
  Task,
} from "../provider.ts";
import { Dom0 } from "./dom0.ts";
import { domainName } from "./domain-name.ts";
import { createdFile, domainScript } from "./domain-script.ts";
import { Domains } from "./domains.ts";
import { domainLeftovers } from "./leftovers.ts";
import { type XenParams, xenParams } from "./params.ts";

const type = "xen";
const lookEveryMs = 200;
/** Of what `xl` says of a start that failed. */
const wordsBytesMax = 1_000;

/** @throws Unavailable when the folder cannot be made or written. */
export function createXen(options: ProviderOptions): Provider<XenParams> {
  const { folder, node, network, log, env } = options;
  const keeper = new Keeper({ folder, log, env, provider: type });
  const kept = keptTasks(keeper);
  const dom0 = new Dom0(env);
  const domains = new Domains(dom0, log);
  const host = hostname();
  const owner = { folder: keeper.folder, host, node, ...(network !== undefined && { network }) };
  const id = keeperIdOf(keeper.folder);
  const nameOf = (instance: InstanceId, attempt: number) =>
    domainName({ keeper: id, instance, attempt });

  const adopt = async ({ instance, attempt }: FoundTask): Promise<Task | Gone> => {
    const name = nameOf(instance, attempt);
    const task = await keeper.adopt(instance, attempt);
    if (!("gone" in task)) {
      return await machineOf(task, name, domains, log);
    }
    await domains.destroy(name);
    return task;
  };

  /** Whether its domain is made before the task ends. */
  const appears = async (instance: InstanceId, attempt: number): Promise<boolean> => {
    const task = await keeper.adopt(instance, attempt);
    const ended = "gone" in task ? Promise.resolve() : task.exited;
    return await isThere(join(folder, "instances", instance, "work", createdFile(attempt)), ended);
  };

  return {
    ...kept,
    type,
    leftovers: domainLeftovers(keeper, domains, type, host),
    parseParams: xenParams.parse,
    probe: () => probe(dom0, keeper),
    async start(instance, params, context) {
      const { attempt } = context;
      const known = (await keeper.list(instance)).find((found) => found.attempt === attempt);
      if (known !== undefined) return known.handle;
      const name = nameOf(instance, attempt);
      const note = { ...owner, service: context.service, startedAt: Date.now() };
      const script = domainScript(dom0.shell, name, note, params, context);
      const output = await keeper.output(instance, context.logs);
      try {
        const began = await output.tail(0);
        const task = { command: ["/bin/sh"], script, env: {} };
        const handle = await keeper.start(instance, attempt, task);
        if (await appears(instance, attempt)) return handle;
        await domains.destroy(name);
        const { bytes } = await output.read(began, wordsBytesMax);
        await keeper.forget(instance, attempt);
        throw new Unavailable(`Xen did not start it: ${Buffer.from(bytes).toString().trim()}`);
      } finally {
        await output.close();
      }
    },
    adopt,
    async stats({ instance, attempt }) {
      keeper.held(instance, attempt); // Else it has ended, and Xen may keep it still.
      return await domains.stats(nameOf(instance, attempt));
    },
    console: (task, request) =>
      keptConsole(keeper, task, request, (_task, input, signal) =>
        domains.type(nameOf(task.instance, task.attempt), input, signal),
      ),
    async remove(instance) {
      for (const found of await keeper.list(instance)) {
        const task = await adopt(found);
        if (!("gone" in task)) await task.stop({ signal: "SIGKILL", graceMs: 0 });
      }
      await keeper.remove(instance);
    },
    async close() {
      domains.close();
      await kept.close();
    },
  };
}

/** Whether a file is made before `ended`. */
async function isThere(file: string, ended: Promise<unknown>): Promise<boolean> {
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  while (!existsSync(file)) {
    if (hasEnded) return false;
    await setTimeout(lookEveryMs);
  }
  return true;
}

async function machineOf(task: KeptTask, name: string, domains: Domains, log: Log): Promise<Task> {
  const isPaused = await domains.isPaused(name);
  const cleanUp = () => domains.destroy(name);
  return new MachineTask(task, domains.switches(name), log, isPaused, cleanUp);
}

async function probe(dom0: Dom0, keeper: Keeper): Promise<Capabilities> {
  try {
    const script = "command -v xl >/dev/null || { echo there is no xl >&2; exit 1; }; xl info";
    const version = /^xen_version\s*:\s*(\S+)/m.exec(await dom0.run(script))?.[1];
    if (version === undefined) return { available: false, reason: "xl info tells no version" };
    return { available: true, version, features: ["pause", ...(await keeper.features())] };
  } catch (error) {
    return { available: false, reason: `Xen's domain 0 does not answer: ${messageOf(error)}` };
  }
}

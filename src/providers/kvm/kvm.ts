/**
 * Runs a virtual machine as a task: QEMU under the keeper, which makes it outlive the node, finds it again,
 * and has its serial console as its log. What QEMU can be told goes over a socket of its own.
 */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { messageOf, Unavailable } from "../../core/errors.ts";
import type { InstanceId } from "../../core/ids.ts";
import { Keeper } from "../../keeper/keeper.ts";
import { keptConsole } from "../kept-console.ts";
import { keptLeftovers } from "../kept-leftovers.ts";
import { measuredTasks } from "../kept-tasks.ts";
import { MachineTask, type Switches } from "../machine-task.ts";
import type { Gone, Provider, ProviderOptions } from "../provider.ts";
import { whyNoKvm } from "./accelerator.ts";
import { find, qemuVersion } from "./found.ts";
import { consoleSocket, eventsSocket, machineScript, qmpSocket } from "./machine-script.ts";
import { type KvmParams, kvmParams } from "./params.ts";
import { followPauses, isPausedIn, tell } from "./qmp.ts";
import { typeInto } from "./serial-console.ts";

const type = "kvm";

const askAgainMs = 20;
/** Longest that a start waits for QEMU to answer; then it is left to what becomes of its process. */
const answersMsMax = 60_000;
/** Of what QEMU says of a start that failed. */
const wordsBytesMax = 1_000;

/** Tells QEMU commands of its protocol, in their order; gives the last one's answer. @throws Unavailable */
type Tell = (...commands: readonly string[]) => Promise<unknown>;

/** @throws Unavailable when the folder cannot be made or written. */
export function createKvm({ folder, log, env }: ProviderOptions): Provider<KvmParams> {
  const keeper = new Keeper({ folder, log, env, provider: type });
  const kept = measuredTasks(keeper);

  /** Where a machine listens. A socket's path has at most 107 bytes: on Linux it is reached by its process. */
  const socketOf = (instance: InstanceId, pid: number | undefined, name: string) => {
    const own = join(folder, "instances", instance, "work");
    return join(process.platform === "linux" ? `/proc/${pid}/cwd` : own, name);
  };
  const tellMachine = (instance: InstanceId, pid: number | undefined): Tell => {
    const socket = socketOf(instance, pid, qmpSocket);
    return (...commands) => tell(socket, ...commands);
  };

  /** Whether it has ended, and not well, before its machine was there. */
  const hasFailed = async (instance: InstanceId, attempt: number): Promise<boolean> => {
    const task = await keeper.adopt(instance, attempt);
    const end =
      "gone" in task ? task : await endBeforeAnswer(task, tellMachine(instance, task.handle.pid));
    // One that was switched off at once has run.
    return end !== undefined && !(end.exit.kind === "exited" && end.exit.code === 0);
  };

  return {
    ...kept,
    type,
    leftovers: keptLeftovers(keeper, type),
    parseParams: kvmParams.parse,
    async probe() {
      try {
        const version = await qemuVersion(env);
        const isFast = (await whyNoKvm()) === undefined;
        const features = [...(isFast ? ["kvm"] : []), "pause", ...(await keeper.features())];
        return { available: true, version, features };
      } catch (error) {
        return { available: false, reason: messageOf(error) };
      }
    },
    async start(instance, params, context) {
      const { attempt } = context;
      // What a task that runs was started from may be gone by now.
      const known = (await keeper.list(instance)).find((found) => found.attempt === attempt);
      if (known !== undefined) return known.handle;
      const script = machineScript(instance, params, context, await find(params, env["PATH"]));
      const output = await keeper.output(instance, context.logs);
      try {
        const began = await output.tail(0);
        const task = { command: ["/bin/sh"], script, env: {} };
        const handle = await keeper.start(instance, attempt, task);
        if (!(await hasFailed(instance, attempt))) return handle;
        const { bytes } = await output.read(began, wordsBytesMax);
        await keeper.forget(instance, attempt);
        const words = Buffer.from(bytes).toString().trim();
        throw new Unavailable(`QEMU did not start: ${words || "it was killed"}`);
      } finally {
        await output.close();
      }
    },
    async adopt({ instance, attempt }) {
      const task = await keeper.adopt(instance, attempt);
      if ("gone" in task) return task;
      const tellIt = tellMachine(instance, task.handle.pid);
      const isPaused = await tellIt("query-status").then(isPausedIn, () => false); // Then it is told of when it answers.
      const machine = new MachineTask(task, switchesOf(tellIt), log, isPaused);
      const { pid } = task.handle;
      const see = (now: boolean) => machine.pausing.see(now);
      void followPauses(socketOf(instance, pid, eventsSocket), machine.over, see);
      return machine;
    },
    console: (task, request) =>
      keptConsole(keeper, task, request, ({ handle: { pid } }, input, signal) =>
        typeInto(socketOf(task.instance, pid, consoleSocket), input, signal),
      ),
  };
}

function switchesOf(tellIt: Tell): Switches {
  const say =
    (...commands: readonly string[]) =>
    async () =>
      void (await tellIt(...commands));
  return {
    press: say("cont", "system_powerdown"), // One that is paused would not see its button pressed.
    switchOff: say("quit"),
    pause: say("stop"),
    resume: say("cont"),
  };
}

/** How a task ended before QEMU answered; undefined: it answers, or takes its time. */
async function endBeforeAnswer(
  { exited }: { readonly exited: Promise<Omit<Gone, "gone">> },
  tellMachine: Tell,
): Promise<Omit<Gone, "gone"> | undefined> {
  const over = new AbortController();
  const { signal } = over;
  const answer = async () => {
    const giveUpAt = performance.now() + answersMsMax;
    while (!signal.aborted && performance.now() < giveUpAt) {
      const answers = await tellMachine().then(
        () => true,
        () => false,
      );
      if (answers) return undefined;
      await setTimeout(askAgainMs, undefined, { signal, ref: false }).catch(() => {});
    }
    return undefined;
  };
  try {
    return await Promise.race([exited, answer()]);
  } finally {
    over.abort();
  }
}

/**
 * The provider of virtual tasks, and what connects to them, in one life of a node: a crash of the node leaves
 * the tasks running in their host, and its next life finds them, or how they ended.
 */
import type { Reach } from "../actors/reach.ts";
import { InvalidSpec, Unavailable } from "../core/errors.ts";
import type { Gone, Output, Provider, Task } from "../providers/provider.ts";
import type { Owner, Scheduler } from "./scheduler.ts";
import type { VirtualHost, VirtualParams, VirtualTask } from "./virtual-host.ts";

/** How long it takes, in virtual ms. */
const startMs = 5;
const connectMs = 1;

/** The provider through which one life of a node drives its machine's tasks. */
export function virtualProvider(
  host: VirtualHost,
  scheduler: Scheduler,
  owner: Owner,
  clock: { wall(): number },
): Provider<VirtualParams> {
  const takes = (ms: number) =>
    new Promise<void>((resolve) => void scheduler.after(ms, resolve, owner));
  return {
    type: "virtual",
    parseParams,
    async probe() {
      host.check();
      return { available: true, version: "1", features: ["limits", "volumes"] };
    },
    async start(instance, params, context) {
      host.check();
      const { attempt } = context;
      const before = host.find(instance, attempt);
      if (before !== undefined) return before.found.handle;
      const task = host.start(instance, attempt, params, context);
      await takes(startMs);
      return task.found.handle;
    },
    async list(instance) {
      host.check();
      return [...host.tasks.values()]
        .map((task) => task.found)
        .filter((found) => instance === undefined || found.instance === instance);
    },
    async adopt({ instance, attempt }) {
      host.check();
      const task = host.find(instance, attempt);
      if (task === undefined) throw new Unavailable(`${instance} has no attempt ${attempt}`);
      if (task.ended) return { gone: true, ...wallTime(task.ended, clock, scheduler) };
      return virtualTask(host, task, scheduler, owner, clock);
    },
    output: async () => noOutput,
    async forget(instance, attempt) {
      host.check();
      if (host.find(instance, attempt)?.ended) host.forget({ instance, attempt });
    },
    async remove(instance) {
      host.check();
      host.kill(instance);
      for (const { found } of [...host.tasks.values()]) {
        if (found.instance === instance) host.forget(found);
      }
    },
    async close() {},
  };
}

/** Connects to the tasks of a machine. */
export function virtualReach(host: VirtualHost, scheduler: Scheduler, owner: Owner): Reach {
  return ({ port }) =>
    new Promise((resolve) => {
      const answer = () => resolve(host.listens(port) ? undefined : "connection refused");
      scheduler.after(connectMs, answer, owner);
    });
}

function virtualTask(
  host: VirtualHost,
  task: VirtualTask,
  scheduler: Scheduler,
  owner: Owner,
  clock: { wall(): number },
): Task {
  // Told as an event of the node's life, so that a dead node's promise never settles.
  const exited = new Promise<Omit<Gone, "gone">>((resolve) => {
    const tell = () =>
      scheduler.after(1, () => resolve(wallTime(task.ended, clock, scheduler)), owner);
    if (task.ended) tell();
    else task.watchers.add(tell);
  });
  return {
    handle: task.found.handle,
    startedAt: clock.wall() - (scheduler.now - task.startedAt),
    exited,
    async stop(options) {
      host.check();
      host.stop(task, options);
      await exited;
    },
    release() {},
  };
}

/** A recorded end, told in the wall clock of the node that asks. */
function wallTime(
  ended: VirtualTask["ended"],
  clock: { wall(): number },
  scheduler: Scheduler,
): Omit<Gone, "gone"> {
  if (ended === undefined) return { exit: { kind: "unknown", reason: "not ended" }, atMs: 0 };
  return { exit: ended.exit, atMs: clock.wall() - (scheduler.now - ended.atMs) };
}

function parseParams(input: unknown): VirtualParams {
  if (typeof input !== "object" || input === null) {
    throw new InvalidSpec("not a virtual task", {
      details: [{ path: "params", message: "must be an object" }],
    });
  }
  return input;
}

/** Virtual tasks say nothing. */
const noOutput: Output = {
  read: async (cursor) => ({ bytes: new Uint8Array(), from: cursor, next: cursor }),
  tail: async () => 0,
  watch: () => () => {},
  close: async () => {},
};

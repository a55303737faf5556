/** Stops a node, or has it leave, and returns once its process has ended, so that it can be started again at once. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { ShutdownView } from "../../api/shapes.ts";
import { OutcomeUnknown } from "../../core/errors.ts";
import { type CommonOptions, type Context, portOf } from "../context.ts";
import { farewell, goodbye } from "../node-messages.ts";
import { withProgress } from "../progress.ts";

const pollMs = 20;
const deadlineMs = 30_000;

export async function down(context: Context, options: CommonOptions): Promise<void> {
  await end(context, await context.client.shutdown(), ({ name, running }) =>
    farewell(name, running, portOf(context.io, options)),
  );
}

export type LeaveOptions = CommonOptions & { readonly now?: boolean };

/** Takes a node out of its network for good, and stops it. */
export async function leave(context: Context, options: LeaveOptions): Promise<void> {
  const { now = false } = options;
  const leaving = context.client.leave({ now });
  const left = await (now
    ? leaving
    : withProgress(context.io, "moving away what it runs", leaving));
  await end(context, left, (node) => goodbye(node, portOf(context.io, options)));
}

async function end<T extends ShutdownView>(
  { io, client, print }: Context,
  stopping: T,
  tell: (stopping: T) => string,
): Promise<void> {
  client.close();
  await withProgress(io, `stopping ${stopping.name}`, ended(stopping.name, stopping.pid));
  await print(stopping, tell);
}

async function ended(name: string, pid: number): Promise<void> {
  for (let waitedMs = 0; isRunning(pid); waitedMs += pollMs) {
    if (waitedMs >= deadlineMs) {
      const seconds = deadlineMs / 1000;
      throw new OutcomeUnknown(`${name} (process ${pid}) has not ended within ${seconds} s`);
    }
    await delay(pollMs);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

/** Ended, and only still listed because its parent has not looked: so it is in some containers. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

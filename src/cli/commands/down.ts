/** Stops a node, and returns once its process has ended, so that it can be started again at once. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { OutcomeUnknown } from "../../core/errors.ts";
import { type CommonOptions, type Context, portOf } from "../context.ts";
import { farewell } from "../node-messages.ts";
import { withProgress } from "../progress.ts";

const pollMs = 20;
const deadlineMs = 30_000;

export async function down(context: Context, options: CommonOptions): Promise<void> {
  const { io, client, print } = context;
  const stopping = await client.shutdown();
  client.close();
  const { name, pid, running } = stopping;
  await withProgress(io, `stopping ${name}`, ended(name, pid));
  await print(stopping, () => farewell(name, running, portOf(io, options)));
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

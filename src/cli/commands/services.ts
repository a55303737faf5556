/** Commands about services that are there: list, look at, start, stop, restart, pause, remove. */
import type { Action } from "../../api/results.ts";
import type { InstanceState } from "../../api/shapes.ts";
import { formatStats } from "../../shell/stats-views.ts";
import {
  formatActions,
  formatEndpoints,
  formatInstances,
  formatPaused,
  formatService,
} from "../../shell/views.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { withProgress } from "../progress.ts";

export async function listServices(
  { client, print }: Context,
  names: readonly string[],
): Promise<void> {
  await print(await client.services(names), (services, paint) =>
    formatInstances(services, Date.now(), paint),
  );
}

export async function listEndpoints(
  { client, print }: Context,
  name: string | undefined,
): Promise<void> {
  await print(await client.endpoints(name), formatEndpoints);
}

export async function showStats(
  { client, print }: Context,
  names: readonly string[],
): Promise<void> {
  await print(await client.stats(names), formatStats);
}

export async function showService({ client, print }: Context, name: string): Promise<void> {
  await print(await client.show(name), (detail, paint) => formatService(detail, Date.now(), paint));
}

/** Resolves with the exit code. */
export async function actOnServices(
  { io, client, print }: Context,
  action: Action,
  names: readonly string[],
): Promise<number> {
  const what = `waiting to ${action} ${names.join(", ")}`;
  const results = await withProgress(io, what, client.act(action, names));
  await print(results, formatActions);
  if (action !== "remove")
    for (const { name, unfinished } of results) tellUnfinished(io, name, unfinished);
  return exitCodeOfStates(results.map(({ state }) => state));
}

/** Has instances stand still, or go on. */
export async function pauseServices(
  { io, client, print }: Context,
  act: "pause" | "unpause",
  names: readonly string[],
): Promise<void> {
  const what = `waiting to ${act === "pause" ? act : "resume"} ${names.join(", ")}`;
  await print(await withProgress(io, what, client[act](names)), formatPaused);
}

/** How to follow what goes on. @param unfinished as in the results; absent: nothing does */
export function tellUnfinished(
  io: Io,
  name: string,
  unfinished: readonly string[] | undefined,
): void {
  if (unfinished !== undefined) io.stderr.write(`it goes on: mob watch ${name} tells how\n`);
}

/** What was asked for was done, and yet failed if a service did. */
export function exitCodeOfStates(states: readonly (InstanceState | "removed")[]): number {
  return states.includes("failed") ? exitCodes.failed : exitCodes.done;
}

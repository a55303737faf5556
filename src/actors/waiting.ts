/**
 * Waits until what was wished for a service has come about, as far as it can: woken by each change of
 * the view and of what is known of that service, up to a deadline.
 */
import type { Env } from "../core/env.ts";
import { asServiceName } from "../core/ids.ts";
import type { PlacementRecord } from "../services/records.ts";
import { groupOf } from "../services/service-name.ts";
import type { Catalog, CatalogChange } from "./catalog.ts";
import { type Remains, remainsOf } from "./remains.ts";
import { type InstanceInfo, instancesUnder } from "./service-view.ts";

/** Longest wait for a service to come to rest after a wish, before its state is told as it is. */
export const settleMsMax = 15_000;

export interface WaitingOptions {
  readonly catalog: Catalog;
  readonly env: Env;
}

/**
 * Resolves once `condition` holds, or at the deadline. It is looked at after each change of the view
 * and of what is known of the group of `name`: of many who wait, each looks at its own alone. Undefined:
 * of anything.
 */
export function until(
  { catalog, env }: WaitingOptions,
  name: string | undefined,
  condition: () => boolean,
  msMax = settleMsMax,
): Promise<void> {
  if (condition()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = catalog.watch((change) => {
      if (concerns(name, change) && condition()) end();
    });
    const deadline = env.timers.set(msMax, () => end());
    function end(): void {
      stop();
      env.timers.cancel(deadline);
      resolve();
    }
  });
}

/** Resolves with the next change of the view or of what is known of the group of `name`, or once `signal` is aborted. */
export function untilChanged(catalog: Catalog, name: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = catalog.watch((change) => {
      if (concerns(name, change)) end();
    });
    signal.addEventListener("abort", end, { once: true });
    function end(): void {
      stop();
      signal.removeEventListener("abort", end);
      resolve();
    }
  });
}

function concerns(name: string | undefined, change: CatalogChange): boolean {
  if (name === undefined || change.kind === "view") return true;
  return change.names.has(groupOf(asServiceName(name)));
}

/**
 * The instances of a service, or of all of a group, once what their nodes know is what the users want, and none is in a passing state.
 * @param generation that this node may not have heard of yet
 */
export async function settled(
  options: WaitingOptions,
  name: string,
  generation?: number,
): Promise<readonly InstanceInfo[]> {
  const { catalog } = options;
  const look = () => instancesUnder(catalog, name);
  await until(options, name, () => {
    const known = catalog.group(groupOf(asServiceName(name)))?.record.generation ?? 0;
    if (generation !== undefined && known < generation) return false;
    return look().every(({ isSettled }) => isSettled);
  });
  return look();
}

/**
 * Waits until nothing of instances is left that are placed no more, where that can come about now.
 * @returns what is left of them, if anything
 */
export async function gone(
  options: WaitingOptions,
  before: readonly PlacementRecord[],
): Promise<readonly Remains[]> {
  const left = () => before.flatMap((placement) => remainsOf(options.catalog, placement) ?? []);
  const [first] = before;
  const isOver = () => left().every(({ isStuck }) => isStuck);
  if (first !== undefined) await until(options, first.service, isOver);
  return left();
}

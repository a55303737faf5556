/** Shows and removes what is left on a node's machine of nodes that are gone. */
import type { RemovedLeftovers } from "../../api/leftover-shapes.ts";
import { formatLeftovers, formatRemoved } from "../../shell/leftover-views.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { withProgress } from "../progress.ts";

export interface GcOptions {
  /** Name or id of the node whose machine is meant. */
  readonly of?: string;
  /** True: all that can be removed; or ids. */
  readonly remove?: true | readonly string[];
}

/** Resolves with the exit code: failed where something is kept that was to go, or could not be looked at. */
export async function collectLeftovers(context: Context, options: GcOptions): Promise<number> {
  const { of, remove } = options;
  const { client, print } = context;
  if (remove !== undefined) return removeLeftovers(context, of, remove);
  const found = await client.leftovers(of);
  await print(found, (it, paint) => formatLeftovers(it, Date.now(), paint));
  return found.unread.length > 0 ? exitCodes.failed : exitCodes.done;
}

async function removeLeftovers(
  { io, client, print }: Context,
  node: string | undefined,
  which: true | readonly string[],
): Promise<number> {
  const wish = { ...(node !== undefined && { node }), ...(which !== true && { ids: which }) };
  const work = client.removeLeftovers(wish);
  const removed = await withProgress(io, "removing leftovers", work);
  await print(removed, formatRemoved);
  return isComplete(removed) ? exitCodes.done : exitCodes.failed;
}

function isComplete({ results, unread }: RemovedLeftovers): boolean {
  return unread.length === 0 && results.every(({ result }) => result === "removed");
}

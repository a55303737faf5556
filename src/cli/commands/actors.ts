/** Looks into a node: its tree of actors, or one of them. */
import { formatActor, formatActorTree } from "../../shell/actor-tree.ts";
import type { Context } from "../context.ts";

/** `target`: a path or a registered name; without one, the whole tree. */
export async function showActors(
  { client, print }: Context,
  target: string | undefined,
  { of }: { readonly of?: string },
): Promise<void> {
  if (target === undefined) return print(await client.actors(of), formatActorTree);
  await print(await client.actor(target, of), (actor) => formatActor(actor, Date.now()));
}

/** Commands about the network as a whole: its nodes and what they offer. */
import { BadRequest } from "../../core/errors.ts";
import { formatDrain, formatNodes, formatProviders } from "../../shell/views.ts";
import { parseJoinToken } from "../../trust/join-token.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { withProgress } from "../progress.ts";

export async function showNodes({ client, print }: Context): Promise<void> {
  await print(await client.nodes(), formatNodes);
}

export interface JoinOptions {
  readonly token?: string;
}

/** @throws BadRequest without a node to join */
export async function joinNetwork(
  { io, client, print }: Context,
  address: string | undefined,
  { token }: JoinOptions = {},
): Promise<void> {
  const to = joinTarget(address, token);
  const joining = token === undefined ? client.join(to) : client.joinByToken(token, to);
  const nodes = await withProgress(io, `joining ${to}`, joining);
  await print(nodes, formatNodes);
}

export async function forgetNode({ client, print }: Context, node: string): Promise<void> {
  await print(await client.forget(node), formatNodes);
}

/** Resolves with the exit code: a script that stops the node next must know that something stays. */
export async function drainNode({ io, client, print }: Context, node: string): Promise<number> {
  const result = await withProgress(io, `draining ${node}`, client.drain(node));
  await print(result, formatDrain);
  return result.instances.some(({ reason }) => reason !== undefined)
    ? exitCodes.failed
    : exitCodes.done;
}

export async function undrainNode({ client, print }: Context, node: string): Promise<void> {
  await print(await client.undrain(node), formatNodes);
}

export async function showProviders({ client, print }: Context): Promise<void> {
  const providers = await client.providers();
  await print(providers, (list, paint) => formatProviders(list, Date.now(), paint));
}

/** The node to join: the one that issued the token, unless it is reached at another address. */
function joinTarget(address: string | undefined, token: string | undefined): string {
  const to = address ?? (token === undefined ? undefined : parseJoinToken(token).address);
  if (to !== undefined) return to;
  throw new BadRequest("join whom? Give host:port of a node, or --token with a join token");
}

/** Commands about the network as a whole: its nodes and what they offer. */
import { formatNodes, formatProviders } from "../../shell/views.ts";
import type { Context } from "../context.ts";
import { withProgress } from "../progress.ts";

export async function showNodes({ client, print }: Context): Promise<void> {
  await print(await client.nodes(), formatNodes);
}

export async function joinNetwork({ io, client, print }: Context, address: string): Promise<void> {
  const nodes = await withProgress(io, `joining ${address}`, client.join(address));
  await print(nodes, formatNodes);
}

export async function forgetNode({ client, print }: Context, node: string): Promise<void> {
  await print(await client.forget(node), formatNodes);
}

export async function showProviders({ client, print }: Context): Promise<void> {
  await print(await client.providers(), formatProviders);
}

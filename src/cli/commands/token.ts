/** Commands about the tokens with which clients elsewhere are let in. */
import type { NewToken } from "../../api/commands.ts";
import type { CreatedToken } from "../../api/results.ts";
import type { NodeView } from "../../api/shapes.ts";
import { firstOf, formatTokens } from "../../shell/views.ts";
import type { Context } from "../context.ts";

/** The token alone goes to standard output, so that it can be sent straight into a file. */
export async function createToken({ io, client, print }: Context, wanted: NewToken): Promise<void> {
  const created = await client.createToken(wanted);
  await print(created, ({ token }) => `${token}\n`);
  io.stderr.write(aboutToken(created));
}

export async function listTokens({ client, print }: Context): Promise<void> {
  await print(await client.tokens(), (tokens, paint) => formatTokens(tokens, Date.now(), paint));
}

export async function revokeToken({ client, print }: Context, nameOrId: string): Promise<void> {
  const result = await client.revokeToken(nameOrId);
  const nodes = await client.nodes();
  await print(result, ({ revoked, acks }) => {
    const names = revoked.map(({ name, id }) => `${name} (${id})`).join(", ");
    const others = nodes.filter(({ name, state }) => state !== "left" && !acks.includes(name));
    const isReached = ({ state }: NodeView) => state === "alive" || state === "suspect";
    const told = others.filter(isReached);
    const unreached = others.filter((node) => !told.includes(node));
    return [
      `revoked ${names} on ${acks.length} of ${acks.length + others.length} nodes\n`,
      ...aboutNodes(told, "has yet to say that it heard of it, which takes a second or so"),
      ...aboutNodes(unreached, "cannot be reached, and lets it in until it is reached again"),
    ].join("");
  });
}

/** A line, where there are any. @param each what holds of each of them */
function aboutNodes(nodes: readonly NodeView[], each: string): readonly string[] {
  return nodes.length === 0 ? [] : [`${firstOf(nodes.map(({ name }) => name))}: ${each}\n`];
}

function aboutToken({ name, role, expires, pin }: CreatedToken): string {
  const holds =
    expires === null ? "until it is revoked" : `until ${new Date(expires).toISOString()}`;
  const may = {
    read: "look at everything: specs with their environment, and logs",
    deploy: "change services, and so do whatever the nodes' user can",
    admin: "do everything, and let others in",
  }[role];
  return (
    `token ${name} lets its holder ${may}, ${holds}\n` +
    "this is the only time that it is shown; keep it in a file of mode 600, or in MOB_TOKEN\n" +
    "with it: mob --node HOST:PORT …, on any node of the network\n" +
    `with curl, on this node: --insecure --pinnedpubkey sha256//${pin}\n`
  );
}

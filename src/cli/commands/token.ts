/** Commands about the tokens with which clients elsewhere are let in. */
import type { NewToken } from "../../api/commands.ts";
import type { CreatedToken } from "../../api/results.ts";
import { formatTokens } from "../../shell/views.ts";
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
  await print(result, ({ revoked, acks, replicas, partitioned }) => {
    const names = revoked.map(({ name, id }) => `${name} (${id})`).join(", ");
    const lines = [`revoked ${names} on ${acks.length} of ${replicas} nodes`];
    if (acks.length < replicas || partitioned) {
      lines.push("a node that has not heard of it lets it in until it is reached again");
    }
    return `${lines.join("\n")}\n`;
  });
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

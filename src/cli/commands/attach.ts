/**
 * Opens the shell on a node that runs already, over one WebSocket. Leaving it leaves the node alone,
 * and ends what it has begun: its traces, and the suspensions of actors.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createAttachment } from "../../client/attachment.ts";
import { type Client, createClient } from "../../client/client.ts";
import { NotFound } from "../../core/errors.ts";
import type { Context } from "../context.ts";
import { mobHome } from "../home.ts";
import { attachedTo } from "../node-messages.ts";

/** `wanted`: name or id of the node whose actors are meant; default: the one that is asked. */
export async function attach({ io, endpoint }: Context, wanted: string | undefined): Promise<void> {
  const attachment = createAttachment(endpoint);
  const client = createClient(endpoint, {}, attachment);
  try {
    const { node: asked, role } = await attachment.hello(); // Better told now than at the first line.
    const node = wanted === undefined ? asked : await nameOf(client, wanted);
    const home = mobHome(io);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const { startShell } = await import("../../shell/shell.ts");
    if (io.interactive) io.stdout.write(attachedTo(asked, node, role));
    const opened = startShell({
      client,
      attachment,
      name: node,
      ...(node !== asked && { actorsOf: node }),
      input: io.stdin,
      output: io.stdout,
      terminal: io.interactive,
      color: io.color,
      historyFile: join(home, "shell-history"),
    });
    await opened.closed;
  } finally {
    attachment.close();
  }
}

/** @throws NotFound naming the nodes that there are */
async function nameOf(client: Client, wanted: string): Promise<string> {
  const nodes = await client.nodes();
  const node = nodes.find(({ name, id }) => name === wanted || id === wanted);
  if (node !== undefined) return node.name;
  const names = nodes.map(({ name }) => name).join(", ");
  throw new NotFound(`there is no node ${wanted}; the network has ${names}`);
}

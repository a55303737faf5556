/** Follows what becomes of services, through whatever node is there; and tells what is remembered. */
import type { Endpoint } from "../../client/endpoint.ts";
import { followChanges } from "../../client/following.ts";
import { findLocalNode } from "../../client/local-node.ts";
import { parseAddress } from "../../core/address.ts";
import { MobError } from "../../core/errors.ts";
import { ChangeLines } from "../../shell/change-views.ts";
import { formatHistory } from "../../shell/history-views.ts";
import type { Context } from "../context.ts";
import { runFolder } from "../home.ts";
import { type Io, write } from "../io.ts";

export interface WatchCommandOptions {
  readonly json?: boolean;
}

/** Until whoever reads it has gone. `names`: of which services; all where there is none. */
export async function watchServices(
  context: Context,
  names: readonly string[],
  { json = false }: WatchCommandOptions,
): Promise<void> {
  const { io, endpoint, paint } = context;
  await tellMissing(context, names);
  const following = followChanges(
    {
      endpoint,
      reach: (address) => reachFrom(io, endpoint, address),
      onMoved: (to, why) => io.stderr.write(`[the watch goes on through ${to}: ${why}]\n`),
      ...(names.length > 0 && { services: names }),
    },
    io.gone,
  );
  const lines = new ChangeLines(paint);
  for await (const changes of following) {
    await write(
      io,
      json
        ? changes.map((change) => `${JSON.stringify(change)}\n`).join("")
        : lines.format(changes),
    );
  }
}

/**
 * A watch may well wait for what is deployed later; of a name that was mistyped it would wait in silence. Told a script
 * too, as that a watch goes on elsewhere: it is no part of the output.
 */
async function tellMissing({ io, client }: Context, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      await client.show(name);
    } catch (error) {
      if (!(error instanceof MobError && error.code === "not_found")) throw error;
      io.stderr.write(`[there is no service ${name} yet: the watch waits for it]\n`);
    }
  }
}

export async function showHistory({ client, print }: Context, name: string): Promise<void> {
  await print(await client.history(name), formatHistory);
}

/** With the token that one node takes, or as their user where they run on this host. */
function reachFrom(io: Io, asked: Endpoint, address: string): Endpoint | undefined {
  const at = parseAddress(address);
  if (asked.kind === "remote") return { ...asked, address: at };
  try {
    return findLocalNode(runFolder(io), at.port);
  } catch (error) {
    if (error instanceof MobError) return undefined; // It runs elsewhere, or not at all.
    throw error;
  }
}

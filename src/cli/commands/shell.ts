/** Opens the shell on a node that runs already. Leaving it leaves the node alone. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../context.ts";
import { mobHome } from "../home.ts";

export async function shell({ io, client }: Context): Promise<void> {
  await client.version(); // Better told now than at the first line typed.
  const home = mobHome(io);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const { startShell } = await import("../../shell/shell.ts");
  const opened = startShell({
    client,
    name: client.address,
    input: io.stdin,
    output: io.stdout,
    terminal: io.interactive,
    color: io.color,
    historyFile: join(home, "shell-history"),
  });
  await opened.closed;
}

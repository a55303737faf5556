/** The process that a node has for a provider of a third party. */
import { readFile } from "node:fs/promises";
import type { MobNode } from "./mob-node.ts";

/** What the node has started, and not for a service. */
export async function providerProcess({ pid, lab }: MobNode): Promise<number> {
  for (const candidate of lab.processes()) {
    const command = await readFile(`/proc/${candidate}/cmdline`, "latin1").catch(() => "");
    const stat = await readFile(`/proc/${candidate}/stat`, "latin1").catch(() => "");
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (parent === pid && /provider-process|third-party/.test(command)) return candidate;
  }
  throw new Error("the node has no process of a provider");
}

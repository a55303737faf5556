/** Completes names of services inside quotes in a call of `mob`. */
import type { CompleterResult } from "node:readline";
import type { Client } from "../client/client.ts";

const call = /\bmob\.(show|start|stop|restart|rm|logs)\([^)]*["'`]([^"'`]*)$/;

/** Undefined when `line` does not end inside such quotes. */
export async function completeNames(
  client: Pick<Client, "services">,
  line: string,
): Promise<CompleterResult | undefined> {
  const begun = call.exec(line)?.[2];
  if (begun === undefined) return undefined;
  const names = (await client.services()).flatMap(({ name, group }) => [group, name]);
  const fitting = [...new Set(names)].filter((name) => name.startsWith(begun)).sort();
  return [fitting, begun];
}

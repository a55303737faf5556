/** The command that leads to an engine, where its operator has named one: over `ssh`, in a container. */
import { split } from "shlex";

/** Its words, from a variable of the node's environment, as a shell splits it; not set or blank: `otherwise`. */
export function commandPrefix(
  env: Readonly<Record<string, string>>,
  variable: string,
  otherwise: string,
): readonly string[] {
  const words = split(env[variable] ?? "");
  return words.length > 0 ? words : [otherwise];
}

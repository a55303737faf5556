/** Commands of the design that this version has not: refused by name, so no one thinks to have erred. */
import type { Command } from "commander";
import { ComesLater } from "../core/errors.ts";

const later = ["why", "events", "secret", "top", "simulate", "completion"] as const;

export function addLaterCommands(program: Command): void {
  for (const name of later) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .helpOption(false)
      .action(() => {
        throw new ComesLater(`mob ${name} comes later: this version does not have it yet`);
      });
  }
}

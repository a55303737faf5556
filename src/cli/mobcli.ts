/** `mobcli`: the three commands of the original Mob's client, with its options. */
import type { Command } from "commander";
import { version } from "../api/version.ts";
import { BadRequest } from "../core/errors.ts";
import { portOption } from "./arguments.ts";
import { deploy } from "./commands/deploy.ts";
import { joinNetwork, showNodes } from "./commands/network.ts";
import type { Context } from "./context.ts";
import type { Io } from "./io.ts";
import { run } from "./run.ts";

interface MobcliOptions {
  readonly nodes?: boolean;
  readonly join?: string;
  readonly deploy?: string;
}

/** Runs `mobcli` and resolves with its exit code. */
export function runMobcli(args: readonly string[], io: Io): Promise<number> {
  return run(args, io, ({ command, context, done }) => {
    command
      .name("mobcli")
      .description("Talks to a node as the original Mob's client did. `mob` can do more.")
      .version(version)
      .option("-p, --port <port>", "port of a node on this host (MOB_PORT, or 6666)", portOption)
      .option("--node <host:port>", "the node to ask, in place of --port; it wants a token")
      .option("--token-file <file>", "the token for --node (MOB_TOKEN, or ~/.mob/token)")
      .option("--json", "answer in JSON")
      .option("-n, --nodes", "list the nodes of the network")
      .option("-j, --join <host:port>", "join the network of another node")
      .option("-d, --deploy <spec>", "deploy JSON or YAML, a file, or - for standard input")
      .action((options: MobcliOptions, own: Command) => done(perform(context(own), options)));
  });
}

async function perform(context: Context, options: MobcliOptions): Promise<unknown> {
  const { nodes, join, deploy: spec } = options;
  const asked = [nodes, join, spec].filter((option) => option !== undefined);
  if (asked.length !== 1) throw new BadRequest("give one of --nodes, --join and --deploy");
  if (join !== undefined) return joinNetwork(context, join);
  if (spec !== undefined) return deploy(context, [spec]);
  return showNodes(context);
}

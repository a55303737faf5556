/** The commands of `mob` about services, with their arguments and options. */
import type { Command } from "commander";
import type { Action } from "../api/shapes.ts";
import { countOption, tailOption } from "./arguments.ts";
import { deploy, plan } from "./commands/deploy.ts";
import { type InvokeOptions, invokeFunction } from "./commands/invoke.ts";
import { type LogsOptions, showLogs } from "./commands/logs.ts";
import { showSchema } from "./commands/schema.ts";
import { actOnServices, listServices, showService } from "./commands/services.ts";
import { showHistory, type WatchCommandOptions, watchServices } from "./commands/watch.ts";
import type { Program } from "./run.ts";

export function addServiceCommands(program: Program): void {
  const { command, context, done, io } = program;
  command
    .command("deploy")
    .description("deploy services and groups, or update them")
    .argument("<spec...>", "files, - for standard input, or JSON or YAML itself")
    .action((sources: string[], _options: unknown, own: Command) =>
      done(deploy(context(own), sources)),
    );
  command
    .command("plan")
    .description("show what a deploy would change, and where everything would run")
    .argument("<spec...>", "as those of deploy")
    .action((sources: string[], _options: unknown, own: Command) =>
      done(plan(context(own), sources)),
    );
  command
    .command("schema")
    .description("print the JSON Schema of a spec, for editors")
    .action(() => done(showSchema(io)));
  command
    .command("ls")
    .description("list all services")
    .action((_options: unknown, own: Command) => done(listServices(context(own))));
  command
    .command("show")
    .description("show a service: its spec and its instances")
    .argument("<name>")
    .action((name: string, _options: unknown, own: Command) =>
      done(showService(context(own), name)),
    );
  command
    .command("watch")
    .description("show what becomes of services, from now on and over the deaths of nodes")
    .argument("[name...]", "of which services (all)")
    .action((names: string[], _options: unknown, own: Command) =>
      done(watchServices(context(own), names, own.optsWithGlobals<WatchCommandOptions>())),
    );
  command
    .command("history")
    .description("show what users wrote of a service: what holds, and what lost a conflict")
    .argument("<name>")
    .action((name: string, _options: unknown, own: Command) =>
      done(showHistory(context(own), name)),
    );
  command
    .command("logs")
    .description("show the output of a service")
    .argument("<name>")
    .option("-f, --follow", "go on with what it writes from now on")
    .option("-n, --tail <lines>", "begin with the last lines, or all", tailOption, 100)
    .option("--slot <number>", "one instance of several", countOption("--slot"))
    .action((name: string, _options: unknown, own: Command) =>
      done(showLogs(context(own), name, own.optsWithGlobals<LogsOptions>())),
    );
  command
    .command("invoke")
    .description("call the function that a service is, and print what it answers")
    .argument("<name>")
    .option("-d, --data <json>", "the event, or - for standard input ({})")
    .action((name: string, _options: unknown, own: Command) =>
      done(invokeFunction(context(own), name, own.optsWithGlobals<InvokeOptions>())),
    );
  addActions(program);
}

function addActions({ command, context, done }: Program): void {
  const actions: readonly [string, Action, string][] = [
    ["start", "start", "start services that were stopped"],
    ["stop", "stop", "stop services; they stay stopped until started"],
    ["restart", "restart", "stop and start services"],
    ["rm", "remove", "stop services and forget them"],
  ];
  for (const [name, action, description] of actions) {
    command
      .command(name)
      .description(description)
      .argument("<name...>")
      .action((names: string[], _options: unknown, own: Command) =>
        done(actOnServices(context(own), action, names)),
      );
  }
}

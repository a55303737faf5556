/** The commands of `mob` about services, with their arguments and options. */
import type { Command } from "commander";
import type { Action } from "../api/results.ts";
import { countOption, instancesArgument, tailOption } from "./arguments.ts";
import { deploy, plan, rollback, scale } from "./commands/deploy.ts";
import { type ExecOptions, execCommand } from "./commands/exec.ts";
import { type InvokeOptions, invokeFunction } from "./commands/invoke.ts";
import { type LogsOptions, showLogs } from "./commands/logs.ts";
import { showSchema } from "./commands/schema.ts";
import {
  actOnServices,
  listEndpoints,
  listServices,
  pauseServices,
  showService,
  showStats,
} from "./commands/services.ts";
import { listVolumes, removeVolume } from "./commands/volumes.ts";
import { showHistory, type WatchCommandOptions, watchServices } from "./commands/watch.ts";
import type { Program } from "./run.ts";

export function addServiceCommands(program: Program): void {
  addSpecCommands(program);
  addLookCommands(program);
  addActionCommands(program);
  addVolumeCommands(program);
}

function addSpecCommands({ command, context, done, io }: Program): void {
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
    .command("scale")
    .description("have a service run with another number of instances")
    .argument("<name>")
    .argument(
      "<instances>",
      "a whole number, or everywhere: one on each node that can take it",
      instancesArgument,
    )
    .action((name: string, instances: number | "everywhere", _options: unknown, own: Command) =>
      done(scale(context(own), name, instances)),
    );
  command
    .command("rollback")
    .description("deploy the version of a service before the present one")
    .argument("<name>")
    .action((name: string, _options: unknown, own: Command) => done(rollback(context(own), name)));
  command
    .command("schema")
    .description("print the JSON Schema of a spec, for editors")
    .action(() => done(showSchema(io)));
}

function addLookCommands({ command, context, done }: Program): void {
  command
    .command("ls")
    .description("list services: every instance, where it runs and since when")
    .argument("[name...]", "services, groups, or instances as web/2 (all)")
    .action((names: string[], _options: unknown, own: Command) =>
      done(listServices(context(own), names)),
    );
  command
    .command("endpoints")
    .description("list where the ports of running services are reached")
    .argument("[name]", "of which service (all)")
    .action((name: string | undefined, _options: unknown, own: Command) =>
      done(listEndpoints(context(own), name)),
    );
  command
    .command("stats")
    .description("show what tasks use: CPU over a second, memory, processes")
    .argument("[name...]", "services, groups, or instances as web/2 (all)")
    .action((names: string[], _options: unknown, own: Command) =>
      done(showStats(context(own), names)),
    );
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
    .command("exec")
    .description("run a command beside a task of a service, or attach to the console of a machine")
    .argument("<name[/slot]>", "a service, or one instance of it (the first that runs)")
    .argument("[command...]", "a program and its arguments, after --; none: the console")
    .option("-i, --interactive", "it reads this program's standard input")
    .option("-t, --tty", "it has a terminal: this one; Ctrl-] leaves a console")
    .action((name: string, words: string[], _options: unknown, own: Command) =>
      done(execCommand(context(own), name, words, own.opts<ExecOptions>())),
    );
  command
    .command("invoke")
    .description("call the function that a service is, and print what it answers")
    .argument("<name>")
    .option("-d, --data <json>", "the event, or - for standard input ({})")
    .action((name: string, _options: unknown, own: Command) =>
      done(invokeFunction(context(own), name, own.optsWithGlobals<InvokeOptions>())),
    );
}

function addActionCommands({ command, context, done }: Program): void {
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
  const pausing = [
    ["pause", "pause", "have services stand still, with all that they hold, until resumed"],
    ["resume", "unpause", "have services that are paused go on"],
  ] as const;
  for (const [name, act, description] of pausing) {
    command
      .command(name)
      .description(description)
      .argument("<name[/slot]...>", "services, groups, or one instance of several")
      .action((names: string[], _options: unknown, own: Command) =>
        done(pauseServices(context(own), act, names)),
      );
  }
}

function addVolumeCommands({ command, context, done }: Program): void {
  const volumes = command
    .command("volumes")
    .alias("volume")
    .description("list the volumes, where they live, and what uses them")
    .action((_options: unknown, own: Command) => done(listVolumes(context(own))));
  volumes
    .command("rm")
    .description("delete a volume that no service uses, with its data")
    .argument("<name>")
    .action((name: string, _options: unknown, own: Command) =>
      done(removeVolume(context(own), name)),
    );
}

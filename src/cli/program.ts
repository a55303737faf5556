/** `mob`: every command with its arguments and options, and what runs it. */
import { type Command, Option } from "commander";
import type { NewToken } from "../api/commands.ts";
import { version } from "../api/version.ts";
import { parseMembershipOptions } from "../membership/chosen-options.ts";
import {
  addressesOption,
  advertiseOption,
  bindOption,
  capacityOption,
  countOption,
  durationOption,
  labelOption,
  nodeNameOption,
  portOption,
  providersOption,
  roleOption,
  weightOption,
} from "./arguments.ts";
import {
  type ActorOptions,
  restartActor,
  resumeActor,
  type SuspendOptions,
  showActors,
  suspendActor,
  type TraceOptions,
  traceActor,
} from "./commands/actors.ts";
import { attach } from "./commands/attach.ts";
import { down, type LeaveOptions, leave } from "./commands/down.ts";
import { collectLeftovers, type GcOptions } from "./commands/gc.ts";
import {
  drainNode,
  forgetNode,
  type JoinOptions,
  joinNetwork,
  showNodes,
  showProviders,
  undrainNode,
} from "./commands/network.ts";
import { createToken, listTokens, revokeToken } from "./commands/token.ts";
import { dataFolderOf, type StartNode, type UpOptions, up } from "./commands/up.ts";
import { type CommonOptions, portOf } from "./context.ts";
import { withDefaultCommand } from "./default-command.ts";
import { startDetached } from "./detach.ts";
import type { Io } from "./io.ts";
import { addJoinToken, addKeyCommands } from "./key-program.ts";
import { addLaterCommands } from "./later.ts";
import { type Program, run } from "./run.ts";
import { addServiceCommands } from "./service-program.ts";

/** Runs `mob` and resolves with its exit code. */
export function runMob(
  args: readonly string[],
  io: Io,
  startNode: StartNode = startRealNode,
): Promise<number> {
  const all = withDefaultCommand(args);
  return run(all, io, (program) => {
    program.command
      .name("mob")
      .description("Runs services on a network of equal nodes.")
      .version(version)
      .option("-p, --port <port>", "port of a node on this host (MOB_PORT, or 6666)", portOption)
      .option("--node <host:port>", "the node to ask, in place of --port; it wants a token")
      .option("--token-file <file>", "the token for --node (MOB_TOKEN, or ~/.mob/token)")
      .option("--json", "answer in JSON");
    addNodeCommands(program, all, startNode);
    addNetworkCommands(program);
    addServiceCommands(program);
    addActorCommands(program);
    addTokenCommands(program);
    addKeyCommands(program);
    addLaterCommands(program.command);
  });
}

async function startRealNode(options: Parameters<StartNode>[0]): ReturnType<StartNode> {
  const { startNode } = await import("../node/start.ts"); // All of the node: no other command pays.
  return startNode(options);
}

function addNodeCommands(program: Program, args: readonly string[], startNode: StartNode): void {
  const { command, io, done, context } = program;
  command
    .command("up")
    .description("start a node on this host and open its shell; `mob` alone means this")
    .option(
      "-P, --providers <list>",
      "what it may run: bash,exec,docker,podman (all found), and ./file.js or npm packages",
      providersOption,
    )
    .option("--registry-logins <file>", "logins at image registries, as in Docker's config.json")
    .option("--data <folder>", "where it keeps its data (MOB_HOME or ~/.mob, then the port)")
    .option("--bind <host>", "address it listens on (127.0.0.1; 0.0.0.0 or :: for all)", bindOption)
    .option("--advertise <host>", "address others reach it at (--bind's)", advertiseOption)
    .option("--join <host:port>", "join the network of this node; repeatable", addressesOption, [])
    .option("--token <token>", "join by what `mob token join` printed on another machine")
    .option("--name <name>", "its name (PORT@HOSTNAME)", nodeNameOption)
    .option(
      "--membership <preset>",
      "lan, wan or local, and what differs: wan,probeMs=3000 (lan)",
      parseMembershipOptions,
    )
    .option("--label <key=value>", "a label for placement; repeatable", labelOption, {})
    .option("--weight <number>", "its share of the records, relative to others' (1)", weightOption)
    .option(
      "--capacity <amounts>",
      "what services may reserve: memory=8GB,cpu=1.5 (all of the machine)",
      capacityOption,
    )
    .option("--detach", "run in the background, and return once the port is open")
    .addOption(new Option("--detached").hideHelp())
    .addOption(
      new Option("--log-level <level>", "least important lines that are logged")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    )
    .action((_options: unknown, own: Command) => {
      const options = own.optsWithGlobals<UpOptions & { readonly detach?: boolean }>();
      if (options.detach !== true) return done(up(io, options, startNode));
      return done(startDetached(io, args, dataFolderOf(io, options), portOf(io, options)));
    });
  command
    .command("down")
    .description("stop a node; its services run on")
    .action((_options: unknown, own: Command) =>
      done(down(context(own), own.optsWithGlobals<CommonOptions>())),
    );
  command
    .command("leave")
    .description("move away what a node runs, take it out of its network, and stop it")
    .option("--now", "at once: its services run on where they are")
    .action((_options: unknown, own: Command) =>
      done(leave(context(own), own.optsWithGlobals<LeaveOptions>())),
    );
  command
    .command("attach")
    .alias("shell")
    .description("open the shell on a running node, and look into the actors of any")
    .argument("[node]", "whose actors are meant: its name or id (the node asked)")
    .action((node: string | undefined, _options: unknown, own: Command) =>
      done(attach(context(own), node)),
    );
}

function addNetworkCommands({ command, context, done }: Program): void {
  const nodes = command
    .command("nodes")
    .description("list the nodes of the network")
    .action((_options: unknown, own: Command) => done(showNodes(context(own))));
  nodes
    .command("forget")
    .description("drop a node that is not live from all views, for good")
    .argument("<name|id>")
    .action((node: string, _options: unknown, own: Command) =>
      done(forgetNode(context(own), node)),
    );
  command
    .command("drain")
    .description("move everything off a node that can run elsewhere, and place nothing on it")
    .argument("<name|id>")
    .action((node: string, _options: unknown, own: Command) => done(drainNode(context(own), node)));
  command
    .command("undrain")
    .description("let a drained node be given services again")
    .argument("<name|id>")
    .action((node: string, _options: unknown, own: Command) =>
      done(undrainNode(context(own), node)),
    );
  command
    .command("join")
    .description("join the network of another node")
    .argument("[host:port]", "its address; a token has it")
    .option("--token <token>", "what `mob token join` printed there: needed on another machine")
    .action((address: string | undefined, _options: unknown, own: Command) =>
      done(joinNetwork(context(own), address, own.opts<JoinOptions>())),
    );
  command
    .command("providers")
    .description("list what each node can run, and why not")
    .action((_options: unknown, own: Command) => done(showProviders(context(own))));
  command
    .command("gc")
    .description("show what is left on a node's machine of nodes that are gone")
    .option("--of <node>", "of another node's machine: its name or id")
    .option("--remove [id...]", "remove it where its data folder is gone; or these alone")
    .action((_options: unknown, own: Command) =>
      done(collectLeftovers(context(own), own.opts<GcOptions>())),
    );
}

const actorArgument = "its path, registered name, or service/NAME";

function addActorCommands({ command, context, done }: Program): void {
  const actors = command
    .command("actors")
    .description("show a node's tree of actors, or one actor")
    .argument("[actor]", actorArgument)
    .option("--of <node>", "of another node: its name or id")
    .action((target: string | undefined, _options: unknown, own: Command) =>
      done(showActors(context(own), target, own.opts<ActorOptions>())),
    );
  actors
    .command("trace")
    .description("show its messages as they come, until Ctrl-C")
    .argument("<actor>", actorArgument)
    .option("--messages <number>", "end after so many", countOption("--messages"), 1_000)
    .option("--rate <number>", "most in a second; more are counted", countOption("--rate"), 100)
    .action((target: string, _options: unknown, own: Command) =>
      done(traceActor(context(own), target, own.optsWithGlobals<TraceOptions>())),
    );
  actors
    .command("suspend")
    .description("have it queue its messages, for a time")
    .argument("<actor>", actorArgument)
    .option("--for <duration>", "goes on by itself after that (1m)", durationOption("--for"))
    .action((target: string, _options: unknown, own: Command) =>
      done(suspendActor(context(own), target, own.optsWithGlobals<SuspendOptions>())),
    );
  actors
    .command("resume")
    .description("have it go on")
    .argument("<actor>", actorArgument)
    .action((target: string, _options: unknown, own: Command) =>
      done(resumeActor(context(own), target, own.optsWithGlobals<ActorOptions>())),
    );
  actors
    .command("restart")
    .description("have its supervisor restart it, with all below; tasks run on")
    .argument("<actor>", actorArgument)
    .action((target: string, _options: unknown, own: Command) =>
      done(restartActor(context(own), target, own.optsWithGlobals<ActorOptions>())),
    );
}

function addTokenCommands(program: Program): void {
  const { command, context, done } = program;
  const token = command
    .command("token")
    .description("tokens with which clients and machines elsewhere are let in");
  token
    .command("create")
    .description("make a token, and show it this once")
    .requiredOption("--role <role>", "what its holder may do: read, deploy or admin", roleOption)
    .option("--name <name>", "what to call it (its role and id)")
    .option("--for <duration>", "how long it holds, like 30d (until it is revoked)")
    .action((_options: unknown, own: Command) =>
      done(createToken(context(own), own.opts<NewToken>())),
    );
  token
    .command("list")
    .description("list the tokens; their secrets are kept nowhere")
    .action((_options: unknown, own: Command) => done(listTokens(context(own))));
  token
    .command("revoke")
    .description("let no one in with a token any more")
    .argument("<name or id>")
    .action((nameOrId: string, _options: unknown, own: Command) =>
      done(revokeToken(context(own), nameOrId)),
    );
  addJoinToken(token, program);
}

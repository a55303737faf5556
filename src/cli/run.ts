/**
 * Runs a command line and answers with its exit code: the one place where every error, commander's
 * own included, becomes what the user sees. Results go to standard output, errors to standard error.
 */
import { Command, CommanderError } from "commander";
import { BadRequest, errorShape } from "../core/errors.ts";
import { formatError } from "../shell/error-text.ts";
import { coloured, plain } from "../shell/style.ts";
import { type CommonOptions, type Context, createContext } from "./context.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import type { Io } from "./io.ts";

/** A program being put together: what its actions need beside commander. */
export interface Program {
  readonly command: Command;
  readonly io: Io;
  /** The context for the options that were given to a command. */
  context(command: Command): Context;
  /** Awaits a command's work; a number that it resolves with is the exit code. */
  done(work: Promise<unknown>): Promise<void>;
}

/** `build` adds options and commands to an empty program. */
export async function run(
  args: readonly string[],
  io: Io,
  build: (program: Program) => void,
): Promise<number> {
  let exitCode: number = exitCodes.done;
  const command = new Command()
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: () => {}, // Told below, in the way of all errors.
    });
  build({
    command,
    io,
    context: (of) => createContext(io, of.optsWithGlobals<CommonOptions>()),
    async done(work) {
      const result = await work;
      if (typeof result === "number") exitCode = result;
    },
  });
  let reached = command;
  followInto(command, (sub) => {
    reached = sub;
  });
  try {
    await command.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done; // --help
    return report(withHint(error, reached), args.includes("--json"), io);
  }
}

/** Calls `reach` with each command below as the arguments come to it: only commander knows which of them name one. */
function followInto(command: Command, reach: (sub: Command) => void): void {
  command.hook("preSubcommand", (_, sub) => reach(sub));
  for (const sub of command.commands) followInto(sub, reach);
}

/** Who mistyped is told where to read on. @param reached the command that refused */
function withHint(error: unknown, reached: Command): unknown {
  if (!(error instanceof CommanderError)) return error;
  const name = fullName(reached);
  // Its help has been shown in place of an error: commander says no more of what was wrong.
  const isUnnamed = error.code === "commander.help";
  const what = isUnnamed ? `${name} wants a command` : error.message.replace(/^error: /, "");
  return new BadRequest(`${what}\nsee ${name} --help`, { cause: error });
}

/** With those that it belongs to: `mob token create`. */
function fullName(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${fullName(parent)} ${command.name()}`;
}

function report(error: unknown, json: boolean, io: Io): number {
  const shape = errorShape(error);
  const text = json
    ? `${JSON.stringify({ error: shape })}\n`
    : formatError(error, io.color && io.progress ? coloured : plain);
  io.stderr.write(text);
  return exitCodeOf(shape.code);
}

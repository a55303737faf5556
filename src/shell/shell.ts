/**
 * The shell: Node's own REPL with `mob`, the API client, in it. Promises are awaited and answers shown
 * as tables, so that `mob.nodes()` is all one types. It sees the node through the API alone, which is
 * why it works the same in the node's own process and on a running node.
 */
import type { AsyncCompleter } from "node:readline";
import { type REPLServer, start } from "node:repl";
import type { Readable, Writable } from "node:stream";
import type { Attachment } from "../client/attachment.ts";
import type { Client } from "../client/client.ts";
import { MobError, messageOf } from "../core/errors.ts";
import { abovePrompt } from "./above-prompt.ts";
import { type CompletionOptions, completeNames } from "./completion.ts";
import { formatError } from "./error-text.ts";
import { createMobObject, helpText, type Views } from "./mob-object.ts";
import { coloured, plain } from "./style.ts";
import { type Tell, Traces } from "./traces.ts";
import { createWriter } from "./writer.ts";

export interface ShellOptions {
  /** The node that it is attached to, asked through `attachment`. */
  readonly client: Client;
  readonly attachment: Attachment;
  /** Shown before the `>`: the node's name. */
  readonly name: string;
  /** The node whose actors are meant where none is named; default: the one attached to. */
  readonly actorsOf?: string;
  readonly input: Readable;
  readonly output: Writable;
  /** Editing, completion and history; needs a terminal on both sides. */
  readonly terminal: boolean;
  readonly color: boolean;
  /** Where typed lines are kept, when on a terminal; its folder exists. */
  readonly historyFile?: string;
}

export interface Shell {
  /** Resolves when the user has left it (Ctrl-D, `.exit`), or `close` was called. */
  readonly closed: Promise<void>;
  close(): void;
}

export function startShell(options: ShellOptions): Shell {
  const { client, attachment, name, input, output, terminal, color, historyFile, actorsOf } =
    options;
  const paint = color ? coloured : plain;
  const views: Views = new WeakMap();
  let tell: Tell = (lines) => {
    output.write(lines);
  };
  attachment.onLost((why) => {
    tell(
      `${paint("yellow", "the connection to the node has ended")}: ${why}; the next call makes another\n`,
    );
  });
  const repl = start({
    prompt: `${name}> `,
    input,
    output,
    terminal,
    useColors: color,
    useGlobal: false,
    ignoreUndefined: true,
    preview: false, // It would take the completion of a name for the text of the line.
    writer: createWriter(views, paint, color),
  });
  const traces = new Traces(attachment, (lines) => tell(lines), paint);
  const lookedAt = new LastNode();
  const mob = createMobObject(client, views, {
    traces,
    exec: attachment.exec,
    node: actorsOf,
    lookedAt: (node) => lookedAt.set(node),
  });
  views.set(mob, () => helpText);
  repl.context["mob"] = mob;
  repl.on("reset", (context: { mob: unknown }) => {
    context.mob = mob; // `.clear` makes a new context.
  });
  const evaluation = awaitResults(repl, (error) => output.write(formatError(error, paint)));
  tell = abovePrompt(repl, { output, terminal, isPrompting: () => !evaluation.isOn });
  completeQuoted(repl, { client, nodes: () => [actorsOf, ...lookedAt.get()] });
  extendHelp(repl, output);
  if (terminal && historyFile !== undefined) {
    repl.setupHistory(historyFile, () => {}); // Without a history file there is no history.
  }
  return {
    closed: new Promise((resolve) =>
      repl.once("exit", () => {
        tell = () => {}; // It would write below a prompt that has been left.
        resolve();
      }),
    ),
    close: () => repl.close(),
  };
}

/** Waits for what a line evaluates to; an error of Mob's is told without a stack. */
function awaitResults(
  repl: REPLServer,
  tell: (error: MobError) => void,
): { readonly isOn: boolean } {
  const evaluate = repl.eval;
  const evaluation = { isOn: false };
  const evaluateAndWait: typeof evaluate = function (code, context, file, settled) {
    evaluation.isOn = true;
    const done: typeof settled = (...result) => {
      evaluation.isOn = false;
      settled(...result);
    };
    const fail = (error: unknown) => {
      if (error instanceof MobError) {
        tell(error);
        done(null, undefined);
      } else {
        done(error instanceof Error ? error : new Error(messageOf(error)), undefined);
      }
    };
    evaluate.call(this, code, context, file, (error, result) => {
      if (error !== null) fail(error);
      else Promise.resolve(result).then((value) => done(null, value), fail);
    });
  };
  Object.assign(repl, { eval: evaluateAndWait });
  return evaluation;
}

/** The node that was last looked at: its actors are likely to be named next. */
class LastNode {
  #node: string | undefined;

  set(node: string): void {
    this.#node = node;
  }

  get(): string[] {
    return this.#node === undefined ? [] : [this.#node];
  }
}

/** Inside quotes in a call of `mob`, names; elsewhere what the REPL completes. */
function completeQuoted(repl: REPLServer, options: CompletionOptions): void {
  const completeCode = repl.completer;
  const completer: AsyncCompleter = (line, done) => {
    completeNames(options, line).then(
      (names) => {
        if (names === undefined) Reflect.apply(completeCode, repl, [line, done]);
        else done(null, names);
      },
      () => done(null, [[], line]), // No answer, no names: not worth breaking into a line for.
    );
  };
  Object.assign(repl, { completer });
}

function extendHelp(repl: REPLServer, output: Writable): void {
  const ownHelp = repl.commands["help"];
  repl.defineCommand("help", {
    help: "Print this help message",
    action() {
      output.write(`${helpText}\n`);
      ownHelp?.action.call(this, "");
    },
  });
}

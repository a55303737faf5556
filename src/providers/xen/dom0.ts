/**
 * Runs shell scripts on Xen's domain 0: here, or wherever a command leads whose standard input a shell reads.
 * A script, and not a command with its arguments, since ssh would take those apart once more.
 */
import { execa } from "execa";
import { Unavailable } from "../../core/errors.ts";
import { commandPrefix } from "../command-prefix.ts";

/** The variable of the node's environment that names the command, as a shell splits it. */
export const shellVariable = "MOB_XEN_SHELL";
/** Longest that Xen's tools, and the way to them, may take. */
const answerMsMax = 60_000;

export class Dom0 {
  readonly shell: readonly string[];
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>>) {
    this.shell = commandPrefix(env, shellVariable, "/bin/sh");
    this.#env = env;
  }

  /** What a script writes. @throws Unavailable with its words when it fails */
  async run(script: string): Promise<string> {
    const [program = "", ...args] = this.shell;
    const ran = await execa(program, args, {
      env: this.#env,
      extendEnv: false,
      input: script,
      timeout: answerMsMax,
      reject: false,
    });
    if (!ran.failed) return ran.stdout;
    const words = ran.stderr?.trim().split("\n").at(-1);
    throw new Unavailable(words || ran.shortMessage || "it failed", { cause: ran.cause });
  }
}

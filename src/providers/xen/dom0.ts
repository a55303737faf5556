/**
 * Runs shell scripts on Xen's domain 0: here, or wherever a command leads whose standard input a shell reads.
 * A script, and not a command with its arguments, since ssh would take those apart once more.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { messageOf, Unavailable } from "../../core/errors.ts";
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
  async run(script: string, timeoutMs = answerMsMax): Promise<string> {
    const [program = "", ...args] = this.shell;
    const ran = await execa(program, args, {
      env: this.#env,
      extendEnv: false,
      input: script,
      timeout: timeoutMs,
      reject: false,
    });
    if (!ran.failed) return ran.stdout;
    const words = lastLine(ran.stderr ?? "");
    throw new Unavailable(words || ran.shortMessage || "it failed", { cause: ran.cause });
  }

  /**
   * Runs a script that reads `input` once it has written a line: before that a shell that reads ahead would take it.
   * Resolves when it has ended, or once `signal` is aborted. @throws Unavailable with its words when it fails
   */
  async feed(script: string, input: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    const [program = "", ...args] = this.shell;
    const child = spawn(program, args, { env: this.#env, signal });
    const said = text(child.stderr);
    child.stdin.on("error", () => {}); // One that has ended reads nothing, and its end is told.
    child.stdin.write(script);
    child.stdout.once("data", () => void pipeline(input, child.stdin).catch(() => {}));
    try {
      const [code] = await once(child, "close");
      if (code !== 0) throw new Unavailable(lastLine(await said) || `it ended with code ${code}`);
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof Unavailable ? error : new Unavailable(messageOf(error));
    }
  }
}

function lastLine(words: string): string {
  return words.trim().split("\n").at(-1) ?? "";
}

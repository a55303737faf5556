/**
 * Runs gluster's command line and reads what it answers, as XML: here, or wherever the command leads. It asks the
 * management daemon, glusterd, without which volumes serve on and cannot be told anything.
 */
import { setTimeout } from "node:timers/promises";
import type { XmlElement } from "@rgrove/parse-xml";
import { execa } from "execa";
import { Unavailable } from "../../core/errors.ts";
import { commandPrefix } from "../command-prefix.ts";
import { textAt } from "./xml.ts";

/** The variable of the node's environment that names the command, as a shell splits it. */
export const commandVariable = "MOB_GLUSTER";
/** Longest that a command may take: what gluster itself gives one, and a little. */
const answerMsMax = 130_000;
/** How often, and how far apart, it is tried while somebody else's command is under way. */
const turnsMax = 120;
const turnEveryMs = 250;

/** It answers, and will not do it. */
export class GlusterRefused extends Unavailable {
  /** `opErrno`: of gluster's own from 30800, else of the system. */
  readonly errno: number;

  constructor(message: string, errno: number) {
    super(message);
    this.errno = errno;
  }
}

export class Gluster {
  /** The command and the first of its arguments. */
  readonly words: readonly string[];
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>>) {
    this.words = commandPrefix(env, commandVariable, "gluster");
    this.#env = env;
  }

  /** What it says of itself, one line. @throws Unavailable where there is none */
  async version(): Promise<string> {
    const { stdout } = await this.#execute("--version");
    return stdout.split("\n", 1)[0] ?? "";
  }

  /**
   * The answer to a command, the element `cliOutput`.
   * @throws GlusterRefused in gluster's words; Unavailable where it cannot be asked
   */
  async ask(...words: readonly string[]): Promise<XmlElement> {
    for (let turn = 1; ; turn++) {
      try {
        return await this.#askOnce(words);
      } catch (error) {
        if (!isOthersTurn(error) || turn === turnsMax) throw error;
        await setTimeout(turnEveryMs);
      }
    }
  }

  async #askOnce(words: readonly string[]): Promise<XmlElement> {
    const { stdout, stderr } = await this.#execute("--mode=script", "--xml", ...words);
    const { parseAnswer } = await import("./parse-answer.ts");
    const root = parseAnswer(stdout);
    if (root === undefined) {
      throw new Unavailable(lastLine(stderr) || lastLine(stdout) || "gluster says nothing");
    }
    if (textAt(root, "opRet") === "0") return root;
    const message = textAt(root, "opErrstr") || lastLine(stderr) || "gluster refuses, and not why";
    throw new GlusterRefused(message, Number(textAt(root, "opErrno")) || 0);
  }

  async #execute(...args: readonly string[]) {
    const [program = "", ...first] = this.words;
    const ran = await execa(program, [...first, ...args], {
      env: this.#env,
      extendEnv: false,
      stdin: "ignore",
      timeout: answerMsMax,
      reject: false,
    });
    const said = { stdout: ran.stdout ?? "", stderr: ran.stderr ?? "" };
    // A refusal is told in its answer, whatever the exit code.
    if (!ran.failed || said.stdout.includes("<cliOutput>")) return said;
    if (ran.code === "ENOENT") throw new Unavailable(`there is no ${program}`);
    const words = lastLine(said.stderr) || lastLine(said.stdout) || ran.shortMessage;
    throw new Unavailable(words ?? "it failed", { cause: ran.cause });
  }
}

function isOthersTurn(error: unknown): boolean {
  return (
    error instanceof GlusterRefused && /another transaction|locking failed/i.test(error.message)
  );
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

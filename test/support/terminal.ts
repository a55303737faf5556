/**
 * A real terminal (tmux) for tests: keys typed, the screen read. Without tmux there is none to be had:
 * then tests that want one are skipped, and in CI they fail.
 */
import { execFile, execFileSync } from "node:child_process";
import type { TestContext } from "node:test";
import { eventually } from "./eventually.ts";
import { type Lab, root } from "./mob-node.ts";

/** For a test's `skip`. */
export function noTerminal(): string | false {
  if (process.env["MOB_CI"] === "1") return false;
  try {
    execFileSync("tmux", ["-V"]);
    return false;
  } catch {
    return "tmux, which gives a test a terminal, is not installed";
  }
}

/** Runs one command; `see` waits for its screen to match. */
export class Terminal {
  readonly #socket: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(lab: Lab) {
    this.#socket = `${lab.home}/tmux`;
    const { TMUX: _outer, NO_COLOR: _plain, ...env } = lab.env;
    this.#env = { ...env, TERM: "xterm-256color" };
  }

  static async open(t: TestContext, lab: Lab, command: string): Promise<Terminal> {
    const terminal = new Terminal(lab);
    t.after(() => terminal.#tmux("kill-server").catch(() => {}));
    // The screen stays readable after the command has ended.
    const run = `${command}; echo "ended with $?"; exec sleep 1000`;
    await terminal.#tmux("new-session", "-d", "-x", "150", "-y", "50", "-c", root, run);
    return terminal;
  }

  async type(text: string, ...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", text);
    await this.press(...keys);
  }

  async press(...keys: string[]): Promise<void> {
    if (keys.length > 0) await this.#tmux("send-keys", ...keys);
  }

  screen(...options: string[]): Promise<string> {
    return this.#tmux("capture-pane", "-p", ...options);
  }

  async see(wanted: RegExp, ...options: string[]): Promise<string> {
    let screen = "";
    try {
      return await eventually(async () => {
        screen = await this.screen(...options);
        return wanted.test(screen) ? screen : undefined;
      }, String(wanted));
    } catch (cause) {
      throw new Error(`${wanted} is not on the screen:\n${screen}`, { cause });
    }
  }

  #tmux(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const all = ["-f", "/dev/null", "-S", this.#socket, ...args];
      execFile("tmux", all, { env: this.#env }, (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(error);
      });
    });
  }
}

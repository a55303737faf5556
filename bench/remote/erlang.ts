/**
 * Erlang's own distribution, where it is installed: two nodes, a gen_server that echoes, calls to it.
 * Without epmd, whose daemon would stay behind.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../real-nodes.ts";

export class ErlangPair {
  readonly #server: ChildProcess;
  readonly #client: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;

  private constructor(folder: string, server: ChildProcess, client: ChildProcess) {
    this.#folder = folder;
    this.#server = server;
    this.#client = client;
    this.#lines = linesOf(client);
  }

  /** Undefined where there is no `erl`. */
  static async start(): Promise<ErlangPair | undefined> {
    if (!isInstalled()) return undefined;
    const folder = mkdtempSync(join(tmpdir(), "mob-bench-erlang-"));
    const source = join(import.meta.dirname, "mob_bench.erl");
    const compile = `{ok, _} = compile:file("${source}", [{outdir, "${folder}"}]), halt().`;
    execFileSync("erl", ["-noshell", "-eval", compile], { stdio: "ignore" });
    const node = ["-noshell", "-pa", folder, "-setcookie", folder];
    node.push("-start_epmd", "false", "-erl_epmd_port", String(await freePort()));
    const serving = ["-sname", "server@localhost", "-s", "mob_bench", "serve"];
    const server = spawn("erl", [...node, ...serving], { stdio: ["pipe", "pipe", "inherit"] });
    await linesOf(server).next();
    const asking = [
      "-dist_listen",
      "false",
      "-sname",
      "client@localhost",
      "-s",
      "mob_bench",
      "ask",
    ];
    const client = spawn("erl", [...node, ...asking], { stdio: ["pipe", "pipe", "inherit"] });
    return new ErlangPair(folder, server, client);
  }

  /** Makes `calls` calls, `outstanding` at a time, and resolves with the ms that it took. */
  async ask(calls: number, outstanding: number): Promise<number> {
    this.#client.stdin?.write(`${outstanding} ${calls}\n`);
    const { value } = await this.#lines.next();
    return Number(value);
  }

  close(): void {
    this.#client.kill("SIGKILL");
    this.#server.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function isInstalled(): boolean {
  try {
    execFileSync("erl", ["-noshell", "-eval", "halt()."], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function linesOf({ stdout }: ChildProcess): AsyncIterator<string> {
  if (stdout === null) throw new Error("erl was started without a pipe");
  return createInterface({ input: stdout })[Symbol.asyncIterator]();
}

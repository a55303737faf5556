/**
 * A GlusterFS pool of a test's own, of one host: glusterd in a temporary folder, with a network of its own so that
 * its ports are free, and mounts of its own, in which its host has a name and its files have their places. The
 * machine's are never touched. Needs root.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { whyMissing } from "./machine.ts";

/** What its host is called. */
export const poolHost = "gluster.test";

/** Why no pool can be started here; false: one can. */
export function whyNoGluster(): string | false {
  return whyMissing("glusterd", "gluster", "mount.glusterfs", "unshare", "nsenter", "ip");
}

export class GlusterPool {
  /** What precedes a command that is to run where the pool is. */
  readonly enter: readonly string[];
  /** The words of its command line, as a shell splits them. */
  readonly command: string;
  /** For bricks: there, and otherwise empty. */
  readonly bricks: string;
  readonly #folder: string;
  readonly #holder: ChildProcess;
  #daemon: ChildProcess | undefined;

  private constructor(folder: string, holder: ChildProcess) {
    this.#folder = folder;
    this.#holder = holder;
    this.bricks = join(folder, "bricks");
    const spaces = `/proc/${holder.pid}/ns`;
    this.enter = ["nsenter", `--mount=${spaces}/mnt`, `--net=${spaces}/net`];
    this.command = [...this.enter, "gluster"].join(" ");
  }

  /** Resolves when gluster answers. To be closed. */
  static async open(): Promise<GlusterPool> {
    const folder = await mkdtemp("/tmp/mob-gluster-");
    for (const name of ["bricks", "log/glusterfs", "state"]) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    writeFileSync(join(folder, "hosts"), `127.0.0.1 localhost ${poolHost}\n`);
    writeFileSync(join(folder, "glusterd.vol"), daemonConfig(join(folder, "state")));
    const pool = new GlusterPool(folder, await openSpaces(folder));
    try {
      await pool.start();
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Starts glusterd; resolves when it answers. */
  async start(): Promise<void> {
    const at = (name: string) => join(this.#folder, name);
    const args = ["-N", "-f", at("glusterd.vol"), "-l", at("glusterd.log"), "-p", at("pid")];
    const [program = "", ...enter] = this.enter;
    const daemon = spawn(program, [...enter, "glusterd", ...args], { stdio: "ignore" });
    this.#daemon = daemon;
    await eventually(
      async () => {
        if (daemon.exitCode !== null) throw new Error(readFileSync(at("glusterd.log"), "utf8"));
        return this.gluster("pool", "list").then(
          () => true,
          () => false,
        );
      },
      "glusterd",
      300_000,
    );
  }

  /** SIGKILL of glusterd; resolves when it is gone. Bricks and mounts go on. */
  async crash(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    this.#daemon = undefined;
    daemon.kill("SIGKILL");
    await eventually(() => daemon.exitCode !== null || daemon.signalCode !== null, "its end");
  }

  /** `gluster ARGS`. Rejects with what it printed. */
  gluster(...args: readonly string[]): Promise<string> {
    return this.run("gluster", "--mode=script", ...args);
  }

  /** Names of the volumes that there are. */
  async volumes(): Promise<readonly string[]> {
    const listed = await this.gluster("--xml", "volume", "list");
    return [...listed.matchAll(/<volume>(.*)<\/volume>/g)].map(([, name = ""]) => name);
  }

  /** Pids of the bricks of a volume that are online, in order. */
  async brickPids(volume: string): Promise<readonly number[]> {
    const answer = await this.gluster("--xml", "volume", "status", volume);
    const nodes = answer.split("<node>").filter((node) => node.includes(`${poolHost}</hostname>`));
    return nodes.flatMap((node) => {
      const [, pid = "-1"] = /<pid>(-?\d+)<\/pid>/.exec(node) ?? [];
      return node.includes("<status>1</status>") ? [Number(pid)] : [];
    });
  }

  /** Resolves when no command of gluster's is under way. */
  async quiet(): Promise<void> {
    const isCommand = (pid: number) => /(^|\/)gluster\0/.test(commandLine(pid));
    await eventually(() => !processesIn(this.#space()).some(isCommand), "no command under way");
  }

  /** Mounts a volume on a folder that is there. */
  async mount(volume: string, at: string): Promise<void> {
    await this.run("mount", "-t", "glusterfs", `${poolHost}:/${volume}`, at);
  }

  /** Mount points of GlusterFS where the pool is. */
  mounts(): readonly string[] {
    const lines = readFileSync(`/proc/${this.#holder.pid}/mounts`, "utf8").split("\n");
    const fuse = lines
      .map((line) => line.split(" "))
      .filter(([, , type]) => type === "fuse.glusterfs");
    return fuse.map(([, point = ""]) => point);
  }

  /** Runs a command where the pool is. Rejects with what it printed. */
  run(...command: readonly string[]): Promise<string> {
    const [program = "", ...args] = [...this.enter, ...command];
    return new Promise((resolve, reject) => {
      execFile(program, args, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${command.join(" ")}: ${stderr}${stdout}`, { cause: error }));
      });
    });
  }

  /** Ends all that is where the pool is, and with it its mounts, and removes its files. */
  async close(): Promise<void> {
    const space = this.#space();
    await eventually(() => {
      const left = processesIn(space).filter((pid) => pid !== this.#holder.pid);
      for (const pid of left) kill(pid);
      return left.length === 0;
    }, "the end of the pool");
    this.#holder.kill("SIGKILL");
    await eventually(() => this.#holder.signalCode !== null, "the end of its spaces");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The mount namespace, as its processes name it. */
  #space(): string {
    return readlinkSync(`/proc/${this.#holder.pid}/ns/mnt`);
  }
}

/** What holds them ends with the test. */
async function openSpaces(folder: string): Promise<ChildProcess> {
  const script = `set -e
    ip link set lo up
    mount --bind ${folder}/hosts /etc/hosts
    mount --bind ${folder}/log /var/log
    mount -t tmpfs none /run
    echo ready
    exec cat`;
  const args = ["--mount", "--net", "--propagation", "private", "sh", "-c", script];
  const holder = spawn("unshare", args, { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  for (const stream of [holder.stdout, holder.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  await eventually(() => {
    if (holder.exitCode !== null) throw new Error(`no spaces for a pool: ${said}`);
    return said.includes("ready");
  }, "the spaces of a pool");
  return holder;
}

function daemonConfig(state: string): string {
  const options = [
    `working-directory ${state}`,
    "transport-type socket",
    "transport.address-family inet",
    "transport.socket.bind-address 127.0.0.1",
    "transport.socket.listen-port 24007",
    "base-port 49152",
    "max-port 49251",
  ];
  const lines = options.map((option) => `  option ${option}`).join("\n");
  return `volume management\n  type mgmt/glusterd\n${lines}\nend-volume\n`;
}

/** Those that have a mount namespace. */
function processesIn(space: string): readonly number[] {
  const pids = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  return pids.filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/mnt`) === space;
    } catch {
      return false; // It is gone, or a zombie, which has none.
    }
  });
}

/** With a zero after each word; empty where there is no such process. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

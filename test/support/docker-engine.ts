/**
 * A Docker engine of a test's own: in a temporary folder and, for its bridge and its firewall rules, in
 * a network namespace, so that the machine's own engine and network are never touched. Needs root.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { busyboxImage, checkedImage, healthcheck, makeRootFolder } from "./busybox-root.ts";
import { eventually } from "./eventually.ts";
import { mountsBelow, whyMissing } from "./machine.ts";
import { processAlive } from "./process-alive.ts";
import { removeCgroupsNamed } from "./test-cgroups.ts";

/** Why no engine can be started here; false: it can. */
export function whyNoDocker(): string | false {
  return whyMissing("dockerd", "docker", "busybox", "ip", "nsenter", "iptables");
}

export class DockerEngine {
  /** Of the engine's API. */
  readonly socketPath: string;
  readonly #folder: string;
  readonly #name: string;
  /** What precedes a command that is to run where the engine is. */
  readonly #enter: readonly string[];
  /** Whether its network is its own, to be removed with it. */
  readonly #hasNetwork: boolean;
  #daemon: ChildProcess | undefined;
  #printed = "";

  private constructor(folder: string, enter: readonly string[] | undefined) {
    this.#folder = folder;
    this.#name = folder.slice(folder.lastIndexOf("/") + 1);
    this.#enter = enter ?? ["nsenter", `--net=/run/netns/${this.#name}`];
    this.#hasNetwork = enter === undefined;
    this.socketPath = join(folder, "docker.sock");
  }

  /**
   * Starts an engine that has `busyboxImage` and nothing else. To be closed.
   * @param enter what precedes a command that is to run in another engine's network and mounts, so that containers
   * are given what is mounted there; they end after it. Default: in a network of its own, and the machine's mounts
   */
  static async open(enter?: readonly string[]): Promise<DockerEngine> {
    const folder = await mkdtemp("/tmp/mob-docker-"); // A socket's path is short.
    const engine = new DockerEngine(folder, enter);
    if (engine.#hasNetwork) ip("netns", "add", engine.#name);
    try {
      if (engine.#hasNetwork) ip("-n", engine.#name, "link", "set", "lo", "up");
      await engine.start();
      const root = join(engine.#folder, "root");
      await makeRootFolder(root);
      await run("tar", ["-C", root, "-cf", `${root}.tar`, "."]);
      await engine.docker("import", `${root}.tar`, busyboxImage);
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** Has it have `checkedImage` too. */
  async importChecked(): Promise<void> {
    const root = join(this.#folder, "root.tar");
    await this.docker("import", "--change", healthcheck, root, checkedImage);
  }

  /** Starts the daemon, whose containers outlive it; resolves when it answers. */
  async start(): Promise<void> {
    if (this.#daemon !== undefined) return;
    const at = (name: string) => join(this.#folder, name);
    mkdirSync(at("exec"), { recursive: true });
    // After a crash they are stale; their processes may stay zombies, and count as running, for seconds.
    rmSync(at("docker.pid"), { force: true });
    if (!isAlive(at(containerdPid))) rmSync(at(containerdPid), { force: true });
    const args = ["--data-root", at("data"), "--exec-root", at("exec"), "-p", at("docker.pid")];
    const more = ["-H", `unix://${this.socketPath}`, "--live-restore", "--shutdown-timeout", "5"];
    const parent = ["--cgroup-parent", `/${this.#name}`];
    const [program, command] = this.#within("dockerd", ...args, ...more, ...parent);
    const daemon = spawn(program, command, { stdio: ["ignore", "pipe", "pipe"] });
    this.#daemon = daemon;
    for (const stream of [daemon.stdout, daemon.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#printed = (this.#printed + text).slice(-20_000);
      });
    }
    await eventually(async () => {
      if (daemon.exitCode !== null) throw new Error(`dockerd ended: ${this.#printed}`);
      return this.docker("version").then(
        () => true,
        () => false,
      );
    }, "the Docker engine");
  }

  /** SIGTERM; resolves when it has ended. Containers run on. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** SIGKILL. Containers run on. */
  crash(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** `docker ARGS` against this engine. Rejects with what it printed. */
  docker(...args: readonly string[]): Promise<string> {
    return run("docker", ["-H", `unix://${this.socketPath}`, ...args]);
  }

  /** Runs a command in the engine's network, where published ports are. */
  inNetwork(...command: readonly string[]): Promise<string> {
    return run(...this.#within(...command));
  }

  /** Starts a program in the engine's network; whoever does ends it. */
  spawnInNetwork(...command: readonly string[]): ChildProcess {
    return spawn(...this.#within(...command), { stdio: "ignore" });
  }

  /** Ends it, with its containers, mounts, bridge and folder. */
  async close(): Promise<void> {
    const ids = await this.docker("ps", "-aq").catch(() => "");
    const containers = ids.split("\n").filter(Boolean);
    if (containers.length > 0) await this.docker("rm", "-fv", ...containers);
    await this.stop();
    await eventually(() => !isAlive(join(this.#folder, containerdPid)), "containerd's end");
    if (this.#hasNetwork) ip("netns", "delete", this.#name);
    for (const mount of mountsBelow(this.#folder)) execFileSync("umount", ["-l", mount]);
    removeCgroupsNamed(this.#name);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  #within(...command: readonly string[]): [program: string, args: readonly string[]] {
    const [program = "", ...args] = [...this.#enter, ...command];
    return [program, args];
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    this.#daemon = undefined;
    daemon.kill(signal);
    await eventually(() => daemon.exitCode !== null || daemon.signalCode !== null, "dockerd's end");
  }
}

/** Of the daemon's own helper, which dies with it. */
const containerdPid = "exec/containerd/containerd.pid";

function isAlive(pidFile: string): boolean {
  return existsSync(pidFile) && processAlive(Number(readFileSync(pidFile, "utf8")));
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args);
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${args.join(" ")}: ${stderr}`, { cause: error }));
    });
  });
}

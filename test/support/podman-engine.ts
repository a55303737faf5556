/**
 * A Podman engine of a test's own: in a temporary folder, with containers without a network, so that the
 * machine's own engine and network are never touched. Needs root.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { busyboxImage, checkedImage, healthcheck, makeRootFolder } from "./busybox-root.ts";
import { eventually } from "./eventually.ts";
import { mountsBelow, whyMissing } from "./machine.ts";
import { removeCgroupsNamed } from "./test-cgroups.ts";

/** What suits a machine without systemd, and one whose limits are low. */
export const podmanConfiguration = `[containers]
default_ulimits=["nofile=4096:4096","nproc=4096:4096"]
log_driver="k8s-file"
netns="none"
[engine]
runtime="runc"
cgroup_manager="cgroupfs"
events_logger="file"
[network]
network_backend="netavark"
`;

/** Why no engine can be started here; false: it can. */
export function whyNoPodman(): string | false {
  return whyMissing("podman", "conmon", "runc", "busybox");
}

export interface PodmanOptions {
  /** What precedes a command that is to run among another engine's mounts; default: nothing. */
  readonly enter?: readonly string[];
  /** Where all that it has by default is the test's own already: what others start there asks the same engine. */
  readonly isDefault?: boolean;
}

export class PodmanEngine {
  /** Of the engine's API. */
  readonly socketPath: string;
  readonly #folder: string;
  readonly #enter: readonly string[];
  /** At the places that it has by default, which are the test's own then: else in its folder. */
  readonly #isDefault: boolean;
  #service: ChildProcess | undefined;
  #printed = "";

  private constructor(folder: string, { enter = [], isDefault = false }: PodmanOptions) {
    this.#folder = folder;
    this.#enter = enter;
    this.#isDefault = isDefault;
    this.socketPath = join(folder, "podman.sock");
  }

  /** Starts an engine that has `busyboxImage` and nothing else. To be closed. */
  static async open(options: PodmanOptions = {}): Promise<PodmanEngine> {
    const engine = new PodmanEngine(await mkdtemp("/tmp/mob-podman-"), options); // A socket's path is short.
    writeFileSync(join(engine.#folder, "containers.conf"), podmanConfiguration);
    const root = join(engine.#folder, "image");
    makeRootFolder(root);
    try {
      await engine.#run("tar", ["-C", root, "-cf", `${root}.tar`, "."]);
      await engine.podman("import", `${root}.tar`, busyboxImage);
      await engine.start();
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** Has it have `checkedImage` too. @param check its HEALTHCHECK */
  async buildChecked(check = healthcheck): Promise<void> {
    const file = join(this.#folder, "Containerfile");
    writeFileSync(file, `FROM ${busyboxImage}\n${check}\n`);
    const args = ["--format", "docker", "-t", checkedImage, "-f", file, this.#folder];
    await this.podman("build", ...args); // The format of OCI knows no checks.
  }

  /** Starts the service of the API, whose containers outlive it; resolves when it answers. */
  async start(): Promise<void> {
    rmSync(this.socketPath, { force: true });
    const args = ["system", "service", "--time=0", `unix://${this.socketPath}`];
    const [program = "", ...all] = [...this.#enter, "podman", ...this.#global(), ...args];
    const service = spawn(program, all, {
      cwd: this.#folder, // Of a container that is out of memory a file is left there.
      stdio: ["ignore", "ignore", "pipe"],
      env: this.#env(),
    });
    this.#service = service;
    service.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#printed = (this.#printed + text).slice(-20_000);
    });
    await eventually(async () => {
      if (service.exitCode !== null) throw new Error(`podman ended: ${this.#printed}`);
      const ping = ["--unix-socket", this.socketPath, "-sf", "http://podman/_ping"];
      return this.#run("curl", ping).then(
        () => true,
        () => false,
      );
    }, "the Podman engine");
  }

  /** SIGKILL. Containers run on. */
  async crash(): Promise<void> {
    const service = this.#service;
    service?.kill("SIGKILL");
    await eventually(
      () => service === undefined || service.exitCode !== null || service.signalCode !== null,
      "the end of podman",
    );
  }

  /** `podman ARGS` on this engine's containers. Rejects with what it printed. */
  podman(...args: readonly string[]): Promise<string> {
    const [program = "", ...all] = [...this.#enter, "podman", ...this.#global(), ...args];
    return this.#run(program, all);
  }

  /** Ends it, with its containers, mounts and folder. */
  async close(): Promise<void> {
    await this.crash();
    await this.podman("rm", "-fa", "-t", "0");
    for (const mount of mountsBelow(this.#folder)) await this.#run("umount", ["-l", mount]);
    removeCgroupsNamed("libpod_parent");
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  #global(): readonly string[] {
    if (this.#isDefault) return [];
    const at = (name: string) => join(this.#folder, name);
    return ["--root", at("root"), "--runroot", at("run"), "--tmpdir", at("tmp")];
  }

  #env(): NodeJS.ProcessEnv {
    // Where it names an engine, the command asks that, and knows no folders.
    const { CONTAINER_HOST: _host, ...rest } = process.env;
    return { ...rest, CONTAINERS_CONF: join(this.#folder, "containers.conf") };
  }

  #run(program: string, args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(program, args, { env: this.#env() }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${program} ${args.join(" ")}: ${stderr}`, { cause: error }));
      });
    });
  }
}

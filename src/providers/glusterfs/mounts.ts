/**
 * The volumes that are mounted on this machine, in `FOLDER/VOLUME/data`, and beside it who has each: a file for
 * each instance in `holders`. The client of a mount is a process of gluster's, which outlives the node.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { Unavailable } from "../../core/errors.ts";
import { asInstanceId, type InstanceId, type ServiceName } from "../../core/ids.ts";
import { volumeName } from "./ownership.ts";
import { glusterfsParams } from "./params.ts";

export interface MountsOptions {
  /** Absolute; it need not be there. */
  readonly folder: string;
  /** Id of the network. */
  readonly network: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Longest that a mount may take: what gluster's client waits for its servers, and a little. */
const mountMsMax = 150_000;

export class Mounts {
  readonly #options: MountsOptions;
  /** One thing is done at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: MountsOptions) {
    this.#options = options;
  }

  holders(): ReadonlySet<InstanceId> {
    return new Set(this.#volumes().flatMap((volume) => this.#holdersOf(volume)));
  }

  /**
   * Mounts the volume of a service, unless it is, and notes that an instance has it. @returns where it is
   * @param input parameters of the service
   * @throws InvalidSpec; Unavailable in the words of mount
   */
  hold(service: ServiceName, input: unknown, instance: InstanceId): Promise<string> {
    const { bricks } = glusterfsParams.parse(input);
    const hosts = [...new Set(bricks.map((brick) => brick.slice(0, brick.indexOf(":"))))];
    const volume = volumeName(this.#options.network, service);
    return this.#inTurn(async () => {
      const data = this.#path(volume, "data");
      mkdirSync(data, { recursive: true, mode: 0o700 });
      mkdirSync(this.#path(volume, "holders"), { recursive: true, mode: 0o700 });
      // Before it is mounted: by it a crash leaves nothing that nobody knows of.
      writeFileSync(this.#path(volume, "holders", instance), "", { mode: 0o600 });
      if (isMounted(data) && !answers(data)) await this.#unmount(data);
      if (!isMounted(data)) await this.#mount(hosts, volume, data);
      return data;
    });
  }

  /** Notes that an instance has none, and unmounts what nobody has. @throws Unavailable in the words of umount */
  free(instance: InstanceId): Promise<void> {
    return this.#inTurn(async () => {
      for (const volume of this.#volumes()) {
        if (!this.#holdersOf(volume).includes(instance)) continue;
        if (this.#holdersOf(volume).length === 1) await this.#unmount(this.#path(volume, "data"));
        rmSync(this.#path(volume, "holders", instance), { force: true });
        if (this.#holdersOf(volume).length > 0) continue;
        // Never with what is in them: a mount that is still there is no folder to delete.
        for (const name of ["data", "holders", ""]) rmdirSync(this.#path(volume, name));
      }
    });
  }

  async #mount(hosts: readonly string[], volume: string, at: string): Promise<void> {
    const [first = "", ...others] = hosts;
    const backups = others.length > 0 ? ["-o", `backup-volfile-servers=${others.join(":")}`] : [];
    await this.#run("mount", "-t", "glusterfs", ...backups, `${first}:/${volume}`, at);
  }

  /** What is still used of it goes on; nobody new finds it. */
  async #unmount(at: string): Promise<void> {
    if (isMounted(at)) await this.#run("umount", "--lazy", at);
  }

  async #run(program: string, ...args: readonly string[]): Promise<void> {
    const { env } = this.#options;
    const ran = await execa(program, args, {
      env,
      extendEnv: false,
      stdin: "ignore",
      timeout: mountMsMax,
      reject: false,
    });
    if (!ran.failed) return;
    const words = `${ran.stderr ?? ""}\n${ran.stdout ?? ""}`.trim().replaceAll(/\s*\n\s*/g, "; ");
    throw new Unavailable(`${program}: ${words || (ran.shortMessage ?? "it failed")}`);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  #path(...names: readonly string[]): string {
    return join(this.#options.folder, ...names);
  }

  #volumes(): readonly string[] {
    return namesIn(this.#options.folder);
  }

  #holdersOf(volume: string): readonly InstanceId[] {
    return namesIn(this.#path(volume, "holders")).map(asInstanceId);
  }
}

/** None where there is no such folder. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** As /proc/self/mountinfo has it, whose fifth field is the place, with spaces and the like in octal. */
function isMounted(at: string): boolean {
  const places = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "");
  const octal = (_all: string, digits: string) => String.fromCharCode(Number.parseInt(digits, 8));
  return places.some((place) => place.replaceAll(/\\([0-7]{3})/g, octal) === at);
}

/** Its client was not killed. */
function answers(at: string): boolean {
  try {
    statSync(at);
    return true;
  } catch {
    return false;
  }
}

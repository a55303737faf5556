/** The tasks of a node's volumes: each a script under the keeper, and the volume that it watches. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { messageOf, Unavailable } from "../../core/errors.ts";
import type { InstanceId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { lostExit } from "../../keeper/exit.ts";
import type { Keeper } from "../../keeper/keeper.ts";
import type { KeptTask } from "../../keeper/kept-task.ts";
import { taskKey } from "../../keeper/record-names.ts";
import type { FoundTask, Gone, Handle, ProviderOptions, Task, TaskContext } from "../provider.ts";
import { type Ownership, volumeName } from "./ownership.ts";
import type { GlusterfsParams } from "./params.ts";
import { VolumeTask } from "./volume-task.ts";
import type { OwnVolume, Volumes } from "./volumes.ts";
import { startedFile, watchScript } from "./watch-script.ts";

/** In the folder of an instance's work: the name of its volume. */
const volumeFile = "volume";

export class VolumeTasks {
  /** What its volumes have noted of the node. */
  readonly own: Pick<Ownership, "network" | "node" | "folder" | "host">;
  readonly #keeper: Keeper;
  readonly #volumes: Volumes;
  readonly #words: readonly string[];
  readonly #log: Log;
  /** One of each, however often it is adopted: each would ask gluster about its end. */
  readonly #held = new WeakMap<KeptTask, VolumeTask>();
  /** Starts that are under way, by instance and attempt. */
  readonly #starting = new Map<string, Promise<Handle>>();

  /** @param words the command that asks gluster, and the first of its arguments */
  constructor(
    { node, network = node, log }: ProviderOptions,
    keeper: Keeper,
    volumes: Volumes,
    words: readonly string[],
  ) {
    this.own = { network, node, folder: keeper.folder, host: hostname() };
    this.#keeper = keeper;
    this.#volumes = volumes;
    this.#words = words;
    this.#log = log;
  }

  /** As `Provider` has it, and all that follow. */
  start(instance: InstanceId, params: GlusterfsParams, context: TaskContext): Promise<Handle> {
    const key = taskKey(instance, context.attempt);
    const known = this.#starting.get(key);
    if (known !== undefined) return known;
    const starting = this.#start(instance, params, context).finally(() =>
      this.#starting.delete(key),
    );
    this.#starting.set(key, starting);
    return starting;
  }

  async list(instance?: InstanceId): Promise<readonly FoundTask[]> {
    await this.#untilStarted(instance);
    const found = await this.#keeper.list(instance);
    return found.map(({ handle, ...one }) => {
      const volume = this.#volumeOf(one.instance);
      return { ...one, handle: volume === undefined ? handle : { ...handle, volume: volume.name } };
    });
  }

  async adopt({ instance, attempt }: Omit<FoundTask, "handle">): Promise<Task | Gone> {
    await this.#untilStarted(instance);
    const kept = await this.#keeper.adopt(instance, attempt);
    const volume = this.#volumeOf(instance);
    if ("gone" in kept) {
      if (volume !== undefined) await this.#volumes.stop(volume);
      return kept;
    }
    const hasStarted = existsSync(join(this.#folder(instance), startedFile(attempt)));
    if (volume !== undefined && hasStarted) return this.#taskOf(kept, volume);
    await kept.stop({ signal: "SIGKILL", graceMs: 0 }); // Its start was cut off.
    if (volume !== undefined) await this.#volumes.stop(volume);
    return { gone: true, exit: lostExit("cancelled"), atMs: Date.now() };
  }

  async remove(instance: InstanceId): Promise<void> {
    for (const { attempt } of await this.list(instance)) {
      const task = await this.adopt({ instance, attempt });
      if (!("gone" in task)) await task.stop({ signal: "SIGTERM", graceMs: 0 });
    }
    const volume = this.#volumeOf(instance);
    if (volume !== undefined) await this.#volumes.remove(volume);
    await this.#keeper.remove(instance);
  }

  async #start(
    instance: InstanceId,
    params: GlusterfsParams,
    { attempt, service, progress }: TaskContext,
  ): Promise<Handle> {
    const name = volumeName(this.own.network, service);
    const known = (await this.#keeper.list(instance)).find((found) => found.attempt === attempt);
    if (known !== undefined) return { ...known.handle, volume: name };
    await this.#volumes.all(); // Where gluster cannot be asked, nothing is begun that it would have to end.
    const volume = { name, owner: { node: this.own.node, instance } };
    // Before there is a volume: by it what a crash leaves is found.
    mkdirSync(this.#folder(instance), { recursive: true, mode: 0o700 });
    writeFileSync(join(this.#folder(instance), volumeFile), name, { mode: 0o600 });
    const script = watchScript(this.#words, volume, attempt);
    const command = { command: ["/bin/sh"], script, env: {} };
    const handle = await this.#keeper.start(instance, attempt, command);
    try {
      const task = { service, instance, attempt, since: Date.now() };
      progress?.(`waiting for volume ${name}`);
      await this.#volumes.run(name, params, { ...this.own, ...task });
      writeFileSync(join(this.#folder(instance), startedFile(attempt)), "", { mode: 0o600 });
    } catch (error) {
      progress?.(messageOf(error)); // Where gluster does not answer any more, what follows takes long.
      const kept = await this.#keeper.adopt(instance, attempt);
      if (!("gone" in kept)) await this.#taskOf(kept, volume).stop();
      await this.#keeper.forget(instance, attempt);
      throw new Unavailable(`gluster: ${messageOf(error)}`, { cause: error });
    }
    return { ...handle, volume: name };
  }

  #taskOf(kept: KeptTask, volume: OwnVolume): VolumeTask {
    const task = this.#held.get(kept) ?? new VolumeTask(kept, volume, this.#volumes, this.#log);
    this.#held.set(kept, task);
    return task;
  }

  /** Resolves once no start of the instance is under way; undefined: none at all. */
  async #untilStarted(instance: InstanceId | undefined): Promise<void> {
    const own = [...this.#starting].filter(([key]) => key.startsWith(instance ?? ""));
    await Promise.allSettled(own.map(([, starting]) => starting));
  }

  #folder(instance: InstanceId): string {
    return join(this.own.folder, "instances", instance, "work");
  }

  /** The volume of an instance, as its first start noted it. */
  #volumeOf(instance: InstanceId): OwnVolume | undefined {
    const file = join(this.#folder(instance), volumeFile);
    if (!existsSync(file)) return undefined;
    return { name: readFileSync(file, "utf8"), owner: { node: this.own.node, instance } };
  }
}

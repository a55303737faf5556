/**
 * Which volumes the instances of this node have, each from its first start until nothing of it is left: a local one
 * is one instance's at a time, one that is a service is mounted for as many as want it. Who has one is written beside its data, since what uses it lives on over the deaths of the node.
 */
import { Conflict, messageOf, Unavailable } from "../core/errors.ts";
import { asServiceName, type InstanceId, type NodeId, type ServiceName } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Provider, TaskVolume } from "../providers/provider.ts";
import type { Plain } from "../services/plain-data.ts";
import type { VolumeRecord } from "../services/records.ts";
import type { VolumeWish } from "../services/volumes.ts";
import type { Catalog } from "./catalog.ts";
import { Turns } from "./turns.ts";

/** The folders of the volumes on this machine. */
export interface VolumeFolders {
  /** Who has each volume, by its name, as it was last noted. */
  holders(): ReadonlyMap<string, InstanceId>;
  /** Makes a volume's folder where there is none, and notes who has it. @returns its absolute path */
  hold(volume: string, instance: InstanceId): string;
  /** Notes that nobody has it. */
  free(volume: string): void;
  /** Deletes it with its data; one that is not there is no error. */
  remove(volume: string): Promise<void>;
}

/** The volumes that are mounted on this machine, which are services of some node. */
export interface VolumeMounts {
  /** Whoever has one, as it was last noted. */
  holders(): ReadonlySet<InstanceId>;
  /**
   * Mounts the volume of a service, unless it is, and notes that an instance has it. @returns where it is: absolute
   * @param params of the service
   * @throws InvalidSpec; Unavailable when it cannot be mounted
   */
  hold(service: ServiceName, params: Plain, instance: InstanceId): Promise<string>;
  /** Notes that an instance has none, and unmounts what nobody has. */
  free(instance: InstanceId): Promise<void>;
}

export interface VolumeClaimsOptions {
  readonly node: NodeId;
  readonly catalog: Pick<Catalog, "volumes" | "nodeName" | "service">;
  readonly folders: VolumeFolders;
  readonly mounts: VolumeMounts;
  readonly providers: ReadonlyMap<string, Provider>;
  /** Has the network agree on where a volume lives: here, if it lives nowhere yet, or not any more. */
  readonly settle: (volume: string) => Promise<VolumeRecord>;
  readonly log: Log;
}

interface Removal<T> {
  readonly mayGo: () => void;
  readonly forget: () => Promise<T>;
}

export class VolumeClaims {
  readonly #options: VolumeClaimsOptions;
  readonly #holders: Map<string, InstanceId>;
  readonly #turns = new Turns<string>();
  #swept: Promise<void> | undefined;

  constructor(options: VolumeClaimsOptions) {
    this.#options = options;
    this.#holders = new Map(options.folders.holders());
  }

  /**
   * Gives an instance its volumes, making local ones that are yet to be made anywhere.
   * @throws Unavailable naming one that lives on another node, that another instance has, or that cannot be mounted
   */
  async claim(instance: InstanceId, wishes: readonly VolumeWish[]): Promise<readonly TaskVolume[]> {
    const given: TaskVolume[] = [];
    for (const { from: name, at, kind } of wishes) {
      const folder =
        kind === "local"
          ? await this.#turns.run(name, () => this.#give(instance, name))
          : await this.#mount(instance, asServiceName(name));
      given.push({ name, folder, at });
    }
    return given;
  }

  /** Nothing is left of an instance. @throws what an unmount throws */
  async release(instance: InstanceId): Promise<void> {
    this.#releaseLocal(instance);
    await this.#options.mounts.free(instance);
  }

  /** Unmounts, once in the life of the node, what its earlier ones have left to instances that no engine knows. Never rejects. */
  sweep(): Promise<void> {
    this.#swept ??= this.#sweep();
    return this.#swept;
  }

  #releaseLocal(instance: InstanceId): void {
    for (const [volume, holder] of this.#holders) {
      if (holder !== instance) continue;
      this.#options.folders.free(volume);
      this.#holders.delete(volume);
    }
  }

  /**
   * Deletes a volume with its data, if `mayGo` does not throw, and then has it forgotten. It is given to no one
   * meanwhile.
   * @throws Conflict where an instance has it
   */
  remove<T>(volume: string, { mayGo, forget }: Removal<T>): Promise<T> {
    return this.#turns.run(volume, async () => {
      mayGo();
      const holder = await this.#holderOf(volume);
      if (holder !== undefined) throw new Conflict(`instance ${holder} still has volume ${volume}`);
      await this.#options.folders.remove(volume);
      return await forget();
    });
  }

  async #give(instance: InstanceId, volume: string): Promise<string> {
    const { node, catalog, settle, folders } = this.#options;
    const noted = catalog.volumes.get(volume);
    const home = noted?.node === node ? noted : await settle(volume);
    if (home.node !== node) {
      throw new Unavailable(`volume ${volume} is on ${catalog.nodeName(home.node)}`);
    }
    const holder = await this.#holderOf(volume);
    if (holder !== undefined && holder !== instance) {
      throw new Unavailable(`volume ${volume} is in use by instance ${holder}`);
    }
    const folder = makeFolder(folders, volume, instance);
    this.#holders.set(volume, instance);
    return folder;
  }

  async #mount(instance: InstanceId, name: ServiceName): Promise<string> {
    await this.sweep();
    const spec = this.#options.catalog.service(name)?.member.spec;
    if (spec?.provider !== "glusterfs") {
      const what = spec === undefined ? "is not deployed" : "is not a service of glusterfs";
      throw new Unavailable(`volume ${name} ${what}`);
    }
    return await this.#options.mounts.hold(name, spec.params, instance);
  }

  async #sweep(): Promise<void> {
    const { mounts, log } = this.#options;
    for (const holder of mounts.holders()) {
      // One of which an engine that does not answer may know has it still.
      const isKnown = await this.#isKnown(holder).catch(() => true);
      if (isKnown) continue;
      await mounts.free(holder).catch((error: unknown) => {
        const what = "a mount that nobody has stays until this node starts again";
        log.warn(what, { instance: holder, error });
      });
    }
  }

  /** Who has it; one of which no engine here has a trace any more does not. @throws what an engine throws */
  async #holderOf(volume: string): Promise<InstanceId | undefined> {
    const holder = this.#holders.get(volume);
    if (holder === undefined) return undefined;
    if (await this.#isKnown(holder)) return holder;
    this.#releaseLocal(holder);
    return undefined;
  }

  /** Whether an engine here has a trace of it. @throws what an engine throws */
  async #isKnown(instance: InstanceId): Promise<boolean> {
    for (const provider of this.#options.providers.values()) {
      if ((await provider.list(instance)).length > 0) return true;
    }
    return false;
  }
}

function makeFolder(folders: VolumeFolders, volume: string, instance: InstanceId): string {
  try {
    return folders.hold(volume, instance);
  } catch (cause) {
    throw new Unavailable(`volume ${volume} cannot be made: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Which volumes of this node the instances here have: one instance at a time, from its first start until nothing
 * of it is left. Who has one is written beside its data, since what uses it lives on over the deaths of the node.
 */
import { Conflict, messageOf, Unavailable } from "../core/errors.ts";
import type { InstanceId, NodeId } from "../core/ids.ts";
import type { Provider, TaskVolume } from "../providers/provider.ts";
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

export interface VolumeClaimsOptions {
  readonly node: NodeId;
  readonly catalog: Pick<Catalog, "volumes" | "member">;
  readonly folders: VolumeFolders;
  readonly providers: ReadonlyMap<string, Provider>;
  /** Has the network agree on where a volume lives: here, if it lives nowhere yet. */
  readonly settle: (volume: string) => Promise<VolumeRecord>;
}

interface Removal<T> {
  readonly mayGo: () => void;
  readonly forget: () => Promise<T>;
}

export class VolumeClaims {
  readonly #options: VolumeClaimsOptions;
  readonly #holders: Map<string, InstanceId>;
  readonly #turns = new Turns<string>();

  constructor(options: VolumeClaimsOptions) {
    this.#options = options;
    this.#holders = new Map(options.folders.holders());
  }

  /**
   * Gives an instance its volumes, making those that are yet to be made anywhere.
   * @throws Unavailable naming one that lives on another node, or that another instance has
   */
  async claim(instance: InstanceId, wishes: readonly VolumeWish[]): Promise<readonly TaskVolume[]> {
    const given: TaskVolume[] = [];
    for (const { from: name, at } of wishes) {
      const folder = await this.#turns.run(name, () => this.#give(instance, name));
      given.push({ name, folder, at });
    }
    return given;
  }

  /** Nothing is left of an instance. */
  release(instance: InstanceId): void {
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
    const home = catalog.volumes.get(volume) ?? (await settle(volume));
    if (home.node !== node) {
      const name = catalog.member(home.node)?.name ?? home.node;
      throw new Unavailable(`volume ${volume} is on ${name}`);
    }
    const holder = await this.#holderOf(volume);
    if (holder !== undefined && holder !== instance) {
      throw new Unavailable(`volume ${volume} is in use by instance ${holder}`);
    }
    const folder = makeFolder(folders, volume, instance);
    this.#holders.set(volume, instance);
    return folder;
  }

  /** Who has it; one of which no engine here has a trace any more does not. @throws what an engine throws */
  async #holderOf(volume: string): Promise<InstanceId | undefined> {
    const holder = this.#holders.get(volume);
    if (holder === undefined) return undefined;
    for (const provider of this.#options.providers.values()) {
      if ((await provider.list(holder)).length > 0) return holder;
    }
    this.release(holder);
    return undefined;
  }
}

function makeFolder(folders: VolumeFolders, volume: string, instance: InstanceId): string {
  try {
    return folders.hold(volume, instance);
  } catch (cause) {
    throw new Unavailable(`volume ${volume} cannot be made: ${messageOf(cause)}`, { cause });
  }
}

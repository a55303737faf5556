/** What is done with volumes, each by the task that has it: what another task has taken over is left to that. */
import { setTimeout } from "node:timers/promises";
import { Unavailable } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { type Gluster, GlusterRefused } from "./gluster.ts";
import { type Ownership, ownershipWords } from "./ownership.ts";
import type { GlusterfsParams } from "./params.ts";
import { entriesToHeal, onlineBricks, type VolumeInfo, volumesIn } from "./volume-info.ts";

/** Between two tries to end what gluster could not be asked to end. */
const againMs = 2_000;
/** How long bricks may take to come up; then those that are up have to do. */
const bricksMsMax = 30_000;
const bricksEveryMs = 200;

/** A volume's name, and the task that is to have it. */
export interface OwnVolume {
  readonly name: string;
  readonly owner: Pick<Ownership, "node" | "instance">;
}

export class Volumes {
  readonly #gluster: Gluster;
  readonly #log: Log;
  readonly #closed = new AbortController();

  constructor(gluster: Gluster, log: Log) {
    this.#gluster = gluster;
    this.#log = log;
  }

  /** Every volume of the pool. @throws Unavailable */
  async all(): Promise<readonly VolumeInfo[]> {
    return volumesIn(await this.#gluster.ask("volume", "info"));
  }

  /** Undefined where there is none of that name. @throws Unavailable */
  async find(name: string): Promise<VolumeInfo | undefined> {
    return (await this.all()).find((volume) => volume.name === name);
  }

  /**
   * Has the volume run for a task: made where there is none, with the options asked for, and started. One that
   * another task of the network had is taken over as it is.
   * @throws Unavailable in gluster's words, or where it is made of other bricks
   */
  async run(name: string, params: GlusterfsParams, owner: Ownership): Promise<void> {
    const found = await this.find(name);
    const bricks = bricksOf(name, params);
    if (found === undefined) await this.#create(name, bricks, params);
    else checkSame(found, bricks, params);
    const words = [...ownershipWords(owner), ...Object.entries(params.options).flat()];
    await this.#gluster.ask("volume", "set", name, ...words);
    if (found?.isStarted === true) return; // It serves already, with the bricks that it has.
    await this.#gluster.ask("volume", "start", name);
    await this.#untilOnline(name, bricks);
  }

  /** Resolves once it does not run, or another task has it; however long gluster cannot be asked, or until closed. */
  async stop(volume: OwnVolume): Promise<void> {
    await this.#unceasingly(volume, async ({ isStarted }) => {
      if (isStarted) await this.#gluster.ask("volume", "stop", volume.name, "force");
    });
  }

  /** As `stop`, and it is not defined any more. What is in its bricks stays. */
  async remove(volume: OwnVolume): Promise<void> {
    await this.#unceasingly(volume, async ({ isStarted }) => {
      if (isStarted) await this.#gluster.ask("volume", "stop", volume.name, "force");
      await this.#gluster.ask("volume", "delete", volume.name);
    });
  }

  /**
   * Why a volume that runs does less than it should; undefined: it does all.
   * @param mayLag it may have to heal: to find out costs more
   * @throws Unavailable where gluster cannot be asked
   */
  async whyDegraded(name: string, mayLag: boolean): Promise<string | undefined> {
    const volume = await this.find(name);
    if (volume?.isStarted !== true) return undefined;
    const away = await this.#offline(name, volume.bricks);
    if (away.length > 0) {
      const [first = ""] = away;
      const which = away.length === 1 ? `${first} is` : `${first} and ${away.length - 1} more are`;
      return `${which} not online, of ${volume.bricks.length} bricks`;
    }
    if (!mayLag || volume.replica === 1) return undefined;
    const entries = entriesToHeal(
      await this.#gluster.ask("volume", "heal", name, "info", "summary"),
    );
    if (entries === 0) return undefined;
    return `${entries} entries of its bricks are yet to be healed`;
  }

  close(): void {
    this.#closed.abort();
  }

  /** Bricks of a name are its own: what is left in them, it may have again. */
  async #create(name: string, bricks: readonly string[], params: GlusterfsParams): Promise<void> {
    const { replica, force } = params;
    const copies = replica === undefined ? [] : ["replica", String(replica)];
    const words = ["volume", "create", name, ...copies, ...bricks];
    try {
      await this.#gluster.ask(...words, ...(force ? ["force"] : []));
    } catch (error) {
      const isOwnData =
        error instanceof GlusterRefused && /already part of a volume/.test(error.message);
      if (force || !isOwnData) throw error;
      await this.#gluster.ask(...words, "force");
    }
  }

  async #untilOnline(name: string, bricks: readonly string[]): Promise<void> {
    const giveUpAt = performance.now() + bricksMsMax;
    for (;;) {
      const away = await this.#offline(name, bricks);
      if (away.length === 0) return;
      if (performance.now() >= giveUpAt) {
        if (away.length < bricks.length) return;
        throw new Unavailable(`none of the bricks of ${name} has come up`);
      }
      await setTimeout(bricksEveryMs);
    }
  }

  async #offline(name: string, bricks: readonly string[]): Promise<readonly string[]> {
    const online = onlineBricks(await this.#gluster.ask("volume", "status", name));
    return bricks.filter((brick) => !online.has(brick));
  }

  async #unceasingly(
    { name, owner }: OwnVolume,
    work: (volume: VolumeInfo) => Promise<void>,
  ): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        const volume = await this.find(name);
        if (volume === undefined || isOthers(volume, owner)) return;
        await work(volume);
        return;
      } catch (error) {
        this.#log.warn("A volume cannot be ended yet", { volume: name, error });
      }
      await setTimeout(againMs, undefined, { signal }).catch(() => {}); // Closed: over at once.
    }
  }
}

/** Below the folders that the user named, one that no other volume has. */
function bricksOf(name: string, { bricks }: GlusterfsParams): readonly string[] {
  return bricks.map((brick) => `${brick}/${name}`);
}

/** One that nobody has noted is what a crash has left of the task's own start. */
function isOthers({ owner: noted }: VolumeInfo, own: OwnVolume["owner"]): boolean {
  return noted !== undefined && (noted.node !== own.node || noted.instance !== own.instance);
}

/** @throws Unavailable where they differ, since a file is where it was put */
function checkSame(volume: VolumeInfo, bricks: readonly string[], params: GlusterfsParams): void {
  const { replica = 1 } = params;
  if (volume.replica === replica && volume.bricks.join() === bricks.join()) return;
  throw new Unavailable(
    `params.bricks: there is a volume ${volume.name} of other bricks: ${volume.bricks.join(", ")}`,
  );
}

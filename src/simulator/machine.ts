/**
 * A virtual machine: it keeps its disk, its clocks and its tasks while its node crashes and starts
 * again. The node on it is a whole one, from the composition root of a real node.
 */
import { completeDeparture } from "../actors/departure.ts";
import { names } from "../actors/names.ts";
import { silentAudit } from "../core/audit.ts";
import { type MobError, Unavailable } from "../core/errors.ts";
import { asNodeId, type NodeId, newId } from "../core/ids.ts";
import type { MembershipOptions } from "../membership/options.ts";
import type { ComposedNode } from "../node/compose.ts";
import { composeNode } from "../node/compose.ts";
import { nextIdentity } from "../node/identity.ts";
import { showReason } from "../otp/exit-reason.ts";
import { Turns } from "../otp/turns.ts";
import { HeldKeys } from "../trust/held-keys.ts";
import { firstRotation, keyBytes } from "../trust/key-rotation.ts";
import { type KeyStore, memoryKeyStore } from "../trust/key-store.ts";
import type { NetworkKeys } from "../trust/key-text.ts";
import { Secret } from "../trust/secret.ts";
import type { Owner, Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { type DiskImage, VirtualDisk } from "./virtual-disk.ts";
import { seededRandom, virtualEnv } from "./virtual-env.ts";
import { VirtualHost } from "./virtual-host.ts";
import type { VirtualNetwork } from "./virtual-network.ts";
import { virtualTable, withoutFeatures } from "./virtual-providers.ts";
import { virtualProvider, virtualReach } from "./virtual-tasks.ts";
import { noVolumeMounts, virtualVolumes } from "./virtual-volumes.ts";

/** What all machines of a simulation share. */
export interface Surroundings {
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly network: VirtualNetwork;
  readonly trace: Trace;
  readonly membership?: Partial<MembershipOptions> | undefined;
}

/** From one start of a node to its end. */
export interface Life {
  readonly owner: Owner;
  /** Absent until it is composed: its port is open and its services are taken up. */
  node: ComposedNode | undefined;
}

/** All simulated nodes are of one network. */
const firstKeys: NetworkKeys = {
  network: "5".repeat(64),
  ring: firstRotation(new Secret(new Uint8Array(keyBytes))),
};

/** Longest time that a commit takes on a disk that is well, in virtual ms. */
export const flushMsUsual = 5;

export class Machine {
  readonly name: string;
  readonly disk: VirtualDisk;
  readonly host: VirtualHost;
  readonly clock: VirtualClock;
  life: Life | undefined;
  #volumes = virtualVolumes();
  /** The network's keys: what is written there is durable at once. */
  readonly #keyStore: KeyStore = memoryKeyStore(firstKeys);
  readonly #around: Surroundings;
  /** Whose key lies on its disk. */
  #node: NodeId;
  #keys = 0;
  #lives = 0;
  /** Of all lives' actors. */
  readonly #turns: Turns[] = [];

  constructor(name: string, around: Surroundings) {
    const { scheduler, seed } = around;
    const random = seededRandom(seed, `disk/${name}`);
    this.name = name;
    this.#around = around;
    this.disk = new VirtualDisk({ scheduler, random, flushMsMax: flushMsUsual });
    this.host = new VirtualHost(scheduler, name);
    this.clock = new VirtualClock(scheduler);
    this.#node = this.#newKey();
  }

  /** Puts another disk into the machine: a blank one, whose node is another, or a copy of its own. */
  replaceDisk(image: DiskImage): void {
    this.disk.replace(image);
    this.host.wipe();
    if (image.size > 0) return;
    this.#node = this.#newKey();
    this.#volumes = virtualVolumes();
  }

  /** A new process; what it does begins with `compose`. */
  begin(): Life {
    this.#lives++;
    this.life = { owner: { name: `${this.name}#${this.#lives}`, dead: false }, node: undefined };
    return this.life;
  }

  /** Starts the node of a life that has begun. `fatal` is told when it cannot go on. */
  async compose(
    life: Life,
    join: readonly string[],
    fatal: (error: MobError) => void,
  ): Promise<ComposedNode> {
    const { scheduler, network, seed, trace, membership } = this.#around;
    const { owner } = life;
    const env = virtualEnv({ scheduler, owner, clock: this.clock, seed, trace });
    const provider = virtualProvider(this.host, scheduler, owner, env.clock);
    const providers = await virtualTable([provider, withoutFeatures(provider, "virtual-too")]);
    const storage = this.disk.open(owner);
    const identity = await nextIdentity(storage, this.#node);
    await completeDeparture(storage, identity.id, env.log);
    const turns = new Turns(identity.id);
    this.#turns.push(turns);
    const node = await composeNode(
      {
        env,
        transport: network.transport(owner, identity.id),
        storage,
        providers,
        volumeFolders: this.#volumes,
        volumeMounts: noVolumeMounts,
        isPortFree: async (port) => !this.host.listens(port),
        lookAtFolder: async (dataFolder) => ({ dataFolder, use: "gone" }),
        reach: virtualReach(this.host, scheduler, owner),
        turns,
      },
      {
        identity,
        name: this.name,
        networkKeys: new HeldKeys(this.#keyStore, this.#keyStore.changed() ?? firstKeys, env.log),
        audit: silentAudit,
        address: `${this.name}:6666`,
        facts: {
          capacity: this.host.capacity,
          labels: {},
          version: "0",
        },
        join,
        ...(membership && { membership }),
        checkParams: (type, params) => {
          if (!providers.made.has(type)) return "unknown";
          provider.parseParams(params);
          return "checked";
        },
        onFatal: fatal,
      },
    );
    node.system.monitor(names.mob, ({ reason }) => {
      fatal(new Unavailable(`the node on ${this.name} gave up: ${showReason(reason)}`));
    });
    life.node = node;
    return node;
  }

  /** No actor of any life goes on, and none is kept: of those that crashed all are still there. */
  close(): void {
    for (const turns of this.#turns.splice(0)) turns.stop();
  }

  #newKey(): NodeId {
    this.#keys++;
    return asNodeId(newId(seededRandom(this.#around.seed, `key/${this.name}/${this.#keys}`), 16));
  }
}

/**
 * Carries out what users wish for services, on the node that decides for them: each wish is what it writes,
 * all or nothing. Those for one name are to come one after the other.
 */

import type { Env, Random } from "../core/env.ts";
import { Conflict, InvalidSpec, NotFound } from "../core/errors.ts";
import { type NodeId, newId, type ServiceName } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { type Deployment, type DeployResult, deployed, rolledBack } from "../services/deploy.ts";
import { isGroup, type Spec } from "../services/group.ts";
import { withInstances } from "../services/group-members.ts";
import type { Phase } from "../services/instance-status.ts";
import type { Instances } from "../services/instances.ts";
import { keys } from "../services/keys.ts";
import { type GroupRecord, groupToJson, type VolumeRecord } from "../services/records.ts";
import type { ServiceAction } from "../services/service-action.ts";
import { groupOf } from "../services/service-name.ts";
import { whyNotInstances } from "../services/spec-checks.ts";
import type { Entry, Receipt } from "../store/replication.ts";
import type { Catalog } from "./catalog.ts";
import { cycleThrough } from "./deploy-checks.ts";
import { untilReady } from "./readiness.ts";
import { writeRecords } from "./record-writes.ts";
import { instanceInfos } from "./service-view.ts";
import type { ShardMap } from "./shard-map.ts";
import { needVolumes } from "./volume-view.ts";

export interface Deployed {
  readonly group: ServiceName;
  readonly generation: number;
  readonly result: DeployResult;
  readonly receipt: Receipt;
}

export interface Acted {
  /** False: it was so already. */
  readonly changed: boolean;
  readonly receipt: Receipt;
}

export interface WishesOptions {
  readonly node: NodeId;
  readonly catalog: Catalog;
  readonly shards: ShardMap;
  readonly system: ActorSystem;
  readonly env: Env;
}

const underWay: readonly Phase[] = ["pending", "starting", "running"];

export class Wishes {
  readonly #options: WishesOptions;
  readonly #random: Random;

  constructor(options: WishesOptions) {
    this.#options = options;
    this.#random = options.env.random("controller");
  }

  /** Something of that name is deployed, or may be: what the others know of it is not here yet. */
  mayKnow(name: string): boolean {
    const { catalog, shards } = this.#options;
    return catalog.servicesUnder(name).length > 0 || !shards.isReady(name);
  }

  /** @throws Conflict when it would close a cycle of dependencies, or another service has a volume of its */
  async deploy(spec: Spec): Promise<Deployed> {
    const { catalog } = this.#options;
    await this.#ready(spec.name);
    const cycle = cycleThrough(catalog, [spec]);
    if (cycle !== undefined) throw new Conflict(`${spec.name} would require itself: ${cycle}`);
    needVolumes(catalog, spec);
    const last = catalog.group(spec.name) && this.#deployment(spec.name);
    const { result, record } = deployed(last, spec, newId(this.#random, 8));
    return this.#store(record, result);
  }

  /** @throws NotFound, for a group too; InvalidSpec where a volume of its does not take so many */
  async scale(name: ServiceName, instances: Instances): Promise<Deployed> {
    await this.#ready(name);
    const { group } = this.#deployment(groupOf(name));
    const service = this.#options.catalog.service(name);
    if (service === undefined) throw new NotFound(`there is no service ${name}`);
    const message = whyNotInstances(service.member.spec, instances);
    if (message !== undefined) {
      throw new InvalidSpec(`${name} cannot be scaled`, {
        details: [{ path: "instances", message }],
      });
    }
    const instancesOf = (one: ServiceName) => (one === name ? instances : undefined);
    return this.deploy(withInstances(group.spec, instancesOf));
  }

  /**
   * Deploys the version before the present one.
   * @param reason for people
   * @throws NotFound; Conflict where there is none, or another service has a volume of its
   */
  async rollBack(name: string, reason: string): Promise<Deployed> {
    await this.#ready(name);
    const record = rolledBack(this.#deployment(name), reason);
    if (record === undefined) throw new Conflict(`${name} has no version before this one`);
    needVolumes(this.#options.catalog, record.spec);
    return this.#store(record, "updated");
  }

  /** Where a volume lives from now on: on `node`, if it lives nowhere yet, or on a node that was forgotten. */
  async settleVolume(name: string, node: NodeId): Promise<VolumeRecord> {
    const { catalog, system, env } = this.#options;
    await this.#ready(name);
    const held = catalog.volumes.get(name);
    if (held !== undefined && !catalog.isForgotten(held.node)) return held;
    const record: VolumeRecord = { name, kind: "local", node, atMs: env.clock.wall() };
    await writeRecords(system, [{ key: keys.volume(name), value: record }]);
    return record;
  }

  /** @throws NotFound */
  async act(name: string, action: ServiceAction): Promise<Acted> {
    await this.#ready(name);
    const entries = this.#entriesFor(name, action);
    if (entries.length === 0) return { changed: false, receipt: this.#ownReceipt() };
    return { changed: true, receipt: await writeRecords(this.#options.system, entries) };
  }

  /** @throws NotFound */
  #entriesFor(name: string, action: ServiceAction): readonly Entry[] {
    const { catalog, env } = this.#options;
    const { group, run } = this.#deployment(name);
    const { uid } = group;
    const running = { key: keys.runState(group.name), value: { uid, run: "running" } };
    const atMs = env.clock.wall();
    switch (action) {
      case "start":
        return run === "running" && this.#isUnderWay(name) ? [] : [running];
      case "stop":
        return run === "stopped" ? [] : [{ ...running, value: { uid, run: "stopped" } }];
      case "restart": {
        const restart = { key: keys.restart(group.name), value: { uid, atMs } };
        return run === "running" ? [restart] : [restart, running];
      }
      case "remove":
        return [
          { key: keys.removed(group.name, uid), value: { uid, atMs } },
          { key: keys.spec(group.name) },
          { key: keys.runState(group.name) },
          { key: keys.restart(group.name) },
          ...(isGroup(group.spec) ? [{ key: keys.supervision(group.name) }] : []),
          ...catalog
            .placementsIn(group.name)
            .map(({ service, slot }) => ({ key: keys.placement(service, slot) })),
        ];
    }
  }

  async #store(record: GroupRecord, result: DeployResult): Promise<Deployed> {
    const { name: group, uid, generation } = record;
    if (result === "unchanged") {
      return { group, generation, result, receipt: this.#ownReceipt() };
    }
    const receipt = await writeRecords(this.#options.system, [
      { key: keys.spec(group), value: groupToJson(record) },
      { key: keys.runState(group), value: { uid, run: "running" } },
    ]);
    return { group, generation, result, receipt };
  }

  /** @throws NotFound */
  #deployment(name: string): Deployment {
    const { catalog } = this.#options;
    const held = catalog.group(name);
    if (held === undefined) throw new NotFound(`there is no service ${name}`);
    return { group: held.record, stamp: held.stamp, run: catalog.runState(held.record).run };
  }

  /** All of it runs, or is about to by itself. */
  #isUnderWay(name: string): boolean {
    const { catalog } = this.#options;
    const infos = catalog.servicesUnder(name).flatMap((one) => instanceInfos(catalog, one));
    return infos.every(({ state }) => underWay.includes(state));
  }

  /** What other nodes hold of the group is known here: before that, nothing is decided about it. */
  async #ready(name: string): Promise<void> {
    const { shards, system } = this.#options;
    if (!shards.isReady(name)) await untilReady(system, name);
  }

  /** Nothing had to be written: what is there is held here. */
  #ownReceipt(): Receipt {
    const { catalog, node } = this.#options;
    const { live, known } = catalog.peers();
    const replicas = live.length + 1;
    return { acks: [node], replicas, partitioned: 2 * replicas <= known };
  }
}

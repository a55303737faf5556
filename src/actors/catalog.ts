/**
 * What this node knows of the network and its services, in one table: written by `ring-member` and
 * `store` alone, read by every actor and by the API without asking anyone, as an Erlang node would
 * with an ETS table. Records are parsed here, once.
 */
import { InvalidSpec } from "../core/errors.ts";
import { asServiceName, type InstanceId, type NodeId, type ServiceName } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { isLive, type Member as NetworkMember, type View } from "../membership/view.ts";
import { type ShardId, shardOf } from "../ring/ranking.ts";
import { type Member, membersOf, membersUnder } from "../services/group-members.ts";
import type { InstanceStatus, Stamp } from "../services/instance-status.ts";
import { parseKey, type RecordKey } from "../services/keys.ts";
import { parsePlacement, parseStatus } from "../services/record-parsers.ts";
import type { GroupRecord, PlacementRecord, StatusRecord } from "../services/records.ts";
import { groupOf } from "../services/service-name.ts";
import type { Supervision } from "../services/supervision.ts";
import { stampText } from "../store/hlc.ts";
import type { Register } from "../store/register.ts";
import { type GroupKey, GroupTable, type Stamped } from "./group-table.ts";
import { KnownNodes } from "./known-nodes.ts";
import { PlacementTable } from "./placement-table.ts";
import { agreed } from "./record-key.ts";
import { StatusTable } from "./status-table.ts";
import { TokenTable } from "./token-table.ts";
import { VolumeTable } from "./volume-table.ts";

/** A service that is deployed, alone or in a group, and the record that it stands in. */
export interface Service extends Stamped<GroupRecord> {
  readonly member: Member;
}

/** What has changed: the names of groups about which something reads differently, or the view. */
export type CatalogChange =
  | { readonly kind: "records"; readonly names: ReadonlySet<string> }
  | { readonly kind: "view" };

export class Catalog {
  /** Whose catalog it is. */
  readonly node: NodeId;
  readonly tokens = new TokenTable();
  readonly volumes = new VolumeTable();
  readonly #drained = new Set<NodeId>();
  readonly #log: Log;
  readonly #groups = new GroupTable();
  readonly #placements = new PlacementTable();
  readonly #statuses = new StatusTable();
  readonly #filled = new Set<ShardId>();
  readonly #watchers = new Set<(change: CatalogChange) => void>();
  #version = 0;
  #nodes = new KnownNodes({ version: 0, members: [] });

  constructor(node: NodeId, log: Log) {
    this.node = node;
    this.#log = log;
  }

  /** Calls `changed` after each change, until the returned function is called. */
  watch(changed: (change: CatalogChange) => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Another after each change: as long as it is the same, so is all that is read here. */
  get version(): number {
    return this.#version;
  }

  get view(): View {
    return this.#nodes.view;
  }

  publishView(view: View): void {
    this.#version++;
    this.#nodes = new KnownNodes(view);
    this.#tell({ kind: "view" });
  }

  member(id: NodeId): NetworkMember | undefined {
    return this.#nodes.get(id);
  }

  /** The name of a node, of one that was forgotten too; its id where it is not known. */
  nodeName(id: NodeId): string {
    return this.#nodes.nameOf(id);
  }

  /** Whether a user has had a node forgotten, and it has not come back. */
  isForgotten(id: NodeId): boolean {
    return this.#nodes.isForgotten(id);
  }

  /** Whether a user wants nothing to be placed on a node. */
  isDrained(node: NodeId): boolean {
    return this.#drained.has(node);
  }

  /** The other live nodes, and how many nodes there are in all, those that left aside. */
  peers(): { readonly live: readonly NodeId[]; readonly known: number } {
    const { members } = this.view;
    const live = members.filter((member) => isLive(member) && member.id !== this.node);
    const known = members.filter(({ state }) => state !== "left").length;
    return { live: live.map(({ id }) => id), known: Math.max(1, known) };
  }

  /** Takes what its actor holds of a shard; in a later life of that actor, in place of what it held. */
  refill(shard: ShardId, registers: readonly Register[]): void {
    this.#version++;
    if (this.#filled.has(shard)) this.#forget(shard);
    this.#filled.add(shard);
    if (registers.length > 0) this.apply(registers);
  }

  apply(registers: readonly Register[]): void {
    this.#version++;
    const names = new Set<string>();
    let hasTokens = false;
    let isEveryonesConcern = false;
    for (const register of registers) {
      const key = parseKey(register.key);
      if (key === undefined) continue;
      try {
        if (key.kind === "token") {
          hasTokens = true;
          this.tokens.take(key.id, register.value);
        } else if (key.kind === "drain") {
          isEveryonesConcern = true;
          if (register.value === undefined) this.#drained.delete(key.node);
          else this.#drained.add(key.node);
        } else if (key.kind === "volume") {
          isEveryonesConcern = true;
          this.volumes.take(key.name, register.value);
        } else names.add(this.#take(key, register));
      } catch (error) {
        if (!(error instanceof InvalidSpec)) throw error;
        // Written by a newer version, or by no version: it is kept and passed on, and not used.
        this.#log.warn("a record cannot be read and is ignored", { key: register.key, error });
      }
    }
    if (names.size > 0) this.#tell({ kind: "records", names });
    if (hasTokens) this.tokens.changed();
    if (isEveryonesConcern) this.#tell({ kind: "view" });
  }

  /** What is deployed under `name` and was not removed. */
  group(name: string): Stamped<GroupRecord> | undefined {
    return this.#groups.get(name);
  }

  /** Everything deployed, in order of names. */
  groups(): readonly Stamped<GroupRecord>[] {
    return this.#groups.all();
  }

  /** A service by its full name. */
  service(name: ServiceName): Service | undefined {
    const group = this.group(groupOf(name));
    const member = group && membersOf(group.record.spec).get(name);
    return member && { ...group, member };
  }

  /** A service, or all of a group, in the order of their start; none: nothing is deployed under that name. */
  servicesUnder(name: string): readonly Service[] {
    const group = this.group(groupOf(asServiceName(name)));
    if (group === undefined) return [];
    const members = membersUnder(membersOf(group.record.spec), name);
    return members.map((member) => ({ ...group, member }));
  }

  /** Every service deployed, by names of groups, and in a group in the order of their start. */
  services(): readonly Service[] {
    return this.groups().flatMap(({ record }) => this.servicesUnder(record.name));
  }

  /** Whether a group is to run, and which of the user's words said so. */
  runState(group: GroupRecord): { readonly run: "running" | "stopped"; readonly stamp: Stamp } {
    return this.#groups.runState(group);
  }

  /** The last restart that a user asked for; `noStamp` if none ever was. */
  restartStamp(group: GroupRecord): Stamp {
    return this.#groups.restartStamp(group);
  }

  /** What has been decided on the lives of a group's services, and holds as users last spoke. */
  supervision(group: GroupRecord): Supervision {
    return this.#groups.supervision(group);
  }

  placement(name: string, slot: number): PlacementRecord | undefined {
    return this.#placements.get(name, slot);
  }

  /** Of a service, in order of slots; of earlier creations too, as long as they are not withdrawn. */
  placementsOf(name: string): readonly PlacementRecord[] {
    return this.#placements.of(name);
  }

  /** Of all services of a group, those that are not in it any more too. */
  placementsIn(group: string): readonly PlacementRecord[] {
    return this.#placements.inGroup(group);
  }

  /** The placement that put an instance where it is. */
  placementOf(instance: InstanceId): PlacementRecord | undefined {
    const placement = this.#placements.ofInstance(instance);
    return placement?.instance === instance ? placement : undefined;
  }

  /** The placement that put an instance where it is, or names it as the one that it takes over from. */
  placementNaming(instance: InstanceId): PlacementRecord | undefined {
    return this.#placements.ofInstance(instance);
  }

  placements(): readonly PlacementRecord[] {
    return this.#placements.all();
  }

  /** Nodes, known or not, on which something is placed. */
  usedNodes(): Iterable<NodeId> {
    return this.#placements.nodes();
  }

  /** Instances placed on a node. */
  instancesOn(node: NodeId): number {
    return this.#placements.countOn(node);
  }

  /** What the node of an instance last said of it. */
  status(instance: InstanceId): InstanceStatus | undefined {
    return this.#statuses.get(instance)?.status;
  }

  statuses(): readonly StatusRecord[] {
    return [...this.#statuses.all()];
  }

  /** What is told of the instances of a slot, also of those that are not placed any more. */
  statusesOf(name: ServiceName, slot: number): readonly StatusRecord[] {
    return this.#statuses.ofSlot(name, slot);
  }

  /** All that the node of an instance last told of it. */
  told(instance: InstanceId): StatusRecord | undefined {
    return this.#statuses.get(instance);
  }

  /** Returns the name of the group that the record is about. */
  #take(
    key: Exclude<RecordKey, KeyOf<"token" | "drain" | "volume">>,
    { value, stamp: writtenAs }: Register,
  ): string {
    const isGone = value === undefined;
    switch (key.kind) {
      case "placement":
        this.#placements.set(key.name, key.slot, isGone ? undefined : placed(key, value));
        return groupOf(key.name);
      case "status":
        this.#statuses.set(key.instance, isGone ? undefined : told(key, value));
        return key.group;
      case "lost":
        return key.group; // Who asks for a history finds it among the records.
      default:
        this.#groups.take(key, value, stampText(writtenAs));
        return groupOfKey(key);
    }
  }

  #forget(shard: ShardId): void {
    const isIn = (name: string) => shardOf(groupOf(asServiceName(name))) === shard;
    this.#groups.drop(isIn);
    this.#placements.drop(isIn);
    this.#statuses.drop(isIn);
    this.tokens.drop((id) => shardOf(id) === shard);
    this.volumes.drop((name) => shardOf(name) === shard);
    for (const id of this.#drained) if (shardOf(id) === shard) this.#drained.delete(id);
  }

  #tell(change: CatalogChange): void {
    for (const changed of this.#watchers) changed(change);
  }
}

type KeyOf<Kind extends RecordKey["kind"]> = Extract<RecordKey, { readonly kind: Kind }>;

function groupOfKey(key: GroupKey): string {
  return "group" in key ? key.group : groupOf(key.name);
}

function placed({ name, slot }: KeyOf<"placement">, value: unknown): PlacementRecord {
  const record = parsePlacement(value);
  return agreed(record.service === name && record.slot === slot, record);
}

function told({ group, instance }: KeyOf<"status">, value: unknown): StatusRecord {
  const record = parseStatus(value);
  return agreed(groupOf(record.service) === group && record.instance === instance, record);
}

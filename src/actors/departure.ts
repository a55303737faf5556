/**
 * A node that leaves its network gives up what it knows of it, but for what it has itself: what is placed on it,
 * and the volumes on its disk. Noted with the goodbye and done by the next start, before anything is read: until it
 * stops it may be told more, and whenever it crashes it is either of its network still, or without what it knew of it.
 */
import type { NodeId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { parseKey, type RecordKey } from "../services/keys.ts";
import { groupOf } from "../services/service-name.ts";
import type { Storage } from "../storage/storage.ts";
import type { Register } from "../store/register.ts";
import { forgetHorizon } from "./horizon.ts";
import { forgetMembers } from "./remembered-view.ts";
import { readShard, removeRegister, shardsKept } from "./shard-storage.ts";

const key = "n/left";

/** From the next flush on the node has left: it starts alone, with what it has itself. */
export function noteDeparture(storage: Storage): void {
  storage.put(key, new TextEncoder().encode("left"));
  forgetMembers(storage);
}

/**
 * Before a node starts: what the life before has left behind goes, if it has left its network. Resolves when that is
 * durable; where it is not, it is done again by the next start.
 * @throws CorruptRecord; Unavailable when the disk refuses
 */
export async function completeDeparture(storage: Storage, node: NodeId, log: Log): Promise<void> {
  if (storage.get(key) === undefined) return;
  const registers = [...shardsKept(storage)].flatMap((shard) =>
    readShard(storage, shard).map((register) => ({ shard, register })),
  );
  const groups = groupsOn(
    node,
    registers.map(({ register }) => register),
  );
  const gone = registers.filter(({ register }) => !isOwn(node, groups, register));
  for (const { shard, register } of gone) removeRegister(storage, shard, register.key);
  forgetHorizon(storage);
  forgetMembers(storage);
  await storage.flush();
  storage.remove(key);
  await storage.flush();
  log.info("what was known of the network that was left is forgotten", {
    records: gone.length,
    kept: registers.length - gone.length,
    services: [...groups],
  });
}

/** Names of the groups of which something is placed on the node. */
function groupsOn(node: NodeId, registers: readonly Register[]): ReadonlySet<string> {
  const groups = new Set<string>();
  for (const { key: name, value } of registers) {
    const parsed = parseKey(name);
    if (parsed?.kind === "placement" && isOn(node, value)) groups.add(groupOf(parsed.name));
  }
  return groups;
}

/** Whether a record is of what the node has itself. A group is whole: it is stored, started and stopped as one. */
function isOwn(node: NodeId, groups: ReadonlySet<string>, { key: name, value }: Register): boolean {
  const parsed = parseKey(name);
  if (parsed === undefined) return false;
  if (parsed.kind === "volume") return isOn(node, value);
  const group = groupNamed(parsed);
  return group !== undefined && groups.has(group);
}

/** The group that a record is of; undefined: of none. */
function groupNamed(parsed: RecordKey): string | undefined {
  switch (parsed.kind) {
    case "spec":
    case "supervision":
    case "removed":
    case "status":
    case "lost":
      return parsed.group;
    case "run":
    case "restart":
    case "placement":
      return groupOf(parsed.name);
    case "token":
    case "drain":
    case "volume":
      return undefined;
  }
}

/** Whether a placement or a volume, as any version writes it, says that it is on the node. */
function isOn(node: NodeId, value: unknown): boolean {
  return typeof value === "object" && value !== null && "node" in value && value.node === node;
}

/** The registers of the store that lie on a virtual disk: what its node would hold if it started now. */
import { readShard } from "../../actors/shard-storage.ts";
import { shardOfKey } from "../../store/key-shard.ts";
import type { Register } from "../../store/register.ts";
import type { DiskImage } from "../virtual-disk.ts";

/** Of every shard, by their keys. */
export function registersOn(disk: DiskImage): ReadonlyMap<string, Register> {
  const entries = [...disk].map(([key, value]) => ({ key, value }));
  const list = (prefix: string) => entries.filter(({ key }) => key.startsWith(prefix));
  // A register's own key comes after the two parts of its shard's.
  const keys = list("s/").map(({ key }) => key.split("/").slice(2).join("/"));
  const shards = [...new Set(keys.map(shardOfKey))];
  const registers = shards.flatMap((shard) => readShard({ list }, shard));
  return new Map(registers.map((register) => [register.key, register]));
}

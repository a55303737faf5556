/**
 * The names under which actors are registered, in one place: a name is how they find each other over
 * restarts, and on other nodes.
 */
import type { InstanceId } from "../core/ids.ts";

export const names = {
  mob: "mob",
  listener: "listener",
  connections: "connections",
  ringMember: "ring-member",
  providerWatch: "provider-watch",
  store: "store",
  shards: "shards",
  controller: "controller",
  agent: "agent",
  ledger: "ledger",
  volumeKeeper: "volume-keeper",
  services: "services",
  inspector: "inspector",
  janitor: "janitor",
  executor: "executor",
  meter: "meter",
  api: "api",
  sessions: "sessions",
  keyKeeper: "key-keeper",
} as const;

/** Each made once, since they are looked up with every message of a shard. */
const storeShardNames: string[] = [];

/** The actor that holds a shard on a node. */
export function storeShardName(shard: number): string {
  storeShardNames[shard] ??= `store-shard/${shard}`;
  return storeShardNames[shard];
}

/** Where the supervisor of an instance stands in the tree of its node. */
export function servicePath(instance: InstanceId): string {
  return `mob/supervisor/services/${instance}`;
}

/** The supervisor of an instance. */
export function serviceSupervisorName(instance: InstanceId): string {
  return `service-supervisor/${instance}`;
}

export function healthCheckerName(instance: InstanceId): string {
  return `health-checker/${instance}`;
}

export function providerWorkerName(instance: InstanceId): string {
  return `provider-worker/${instance}`;
}

export function invokerName(instance: InstanceId): string {
  return `invoker/${instance}`;
}

export function logFollowerName(instance: InstanceId): string {
  return `log-follower/${instance}`;
}

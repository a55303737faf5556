/** What the instances of a service have written, read where each of them is. */
import type { InstanceId, ServiceName } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { named } from "../otp/ref.ts";
import type { Catalog } from "./catalog.ts";
import type { LogFollowerProtocol } from "./log-follower.ts";
import { logFollowerName } from "./names.ts";
import { type NodeInfo, nodeInfo } from "./node-view.ts";
import type { InstanceInfo } from "./service-view.ts";

/** The output of an instance, read where it is. */
export interface Output {
  /** Of its service. */
  readonly name: ServiceName;
  readonly node: NodeInfo;
  readonly instance: InstanceId;
  readonly slot: number;
  readonly tail: (lines: number) => Promise<number>;
  readonly read: (
    cursor: number,
    bytesMax: number,
    waitMs: number,
  ) => Promise<LogFollowerProtocol["read"]["reply"]>;
}

/** Of those that are placed on a node that is known, in their order. */
export function outputsOf(
  call: ActorSystem["call"],
  catalog: Catalog,
  instances: readonly InstanceInfo[],
): readonly Output[] {
  return instances.flatMap(({ name, node, instance, slot }) => {
    const member = node === null ? undefined : catalog.member(node);
    if (instance === null || member === undefined) return [];
    const target = named<LogFollowerProtocol>(member.id, logFollowerName(instance));
    return {
      name,
      node: nodeInfo(member, catalog),
      instance,
      slot,
      tail: (lines) => call(target, "tail", { lines }),
      read: (cursor, bytesMax, waitMs) => call(target, "read", { cursor, bytesMax, waitMs }),
    };
  });
}

/** Instances that run, of which something can be asked where they do; and why of others nothing can. */
import type { InstanceId, NodeId } from "../core/ids.ts";
import type { InstanceInfo } from "./service-view.ts";

export interface RunningInstance extends InstanceInfo {
  readonly node: NodeId;
  readonly instance: InstanceId;
}

/** Paused ones too. */
export function isRunning(one: InstanceInfo): one is RunningInstance {
  return one.state === "running" && one.node !== null && one.instance !== null;
}

/** What it is instead, for people: `it is backing-off, last ended with exit code 1`. */
export function whyNotRunning({ state, pausedSince, reason }: InstanceInfo): string {
  const is = pausedSince === undefined ? state : "paused";
  return `it is ${is}${reason === undefined ? "" : `, ${reason}`}`;
}

/** One instance, as users name it. */
export function labelOf({ name, slot }: Pick<InstanceInfo, "name" | "slot">): string {
  return `${name}/${slot}`;
}

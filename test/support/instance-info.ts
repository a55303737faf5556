/** An instance of a service as a node tells of it: one that runs, and of which nothing is out of the ordinary. */
import type { InstanceInfo } from "../../src/actors/service-view.ts";

/** What of it differs from one test to the next. */
type Own = Pick<InstanceInfo, "name" | "group" | "instance" | "slot" | "node" | "provider">;

export function instanceInfo(own: Own & Partial<InstanceInfo>): InstanceInfo {
  return {
    state: "running",
    healthy: null,
    handle: {},
    ports: {},
    isChecked: false,
    restarts: 0,
    since: 0,
    generation: 1,
    epoch: 1,
    isSettled: true,
    isAsWanted: true,
    ...own,
  };
}

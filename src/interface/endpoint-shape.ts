/** Where the ports of running instances are reached, in the shape that the API promises. */
import type { NodeInfo } from "../actors/node-view.ts";
import type { InstanceInfo } from "../actors/service-view.ts";
import type { EndpointView } from "../api/shapes.ts";
import { formatAddress, parseAddress } from "../core/address.ts";

/** One of each port of an instance that does its work; none of one whose node is not heard of. */
export function endpointViews(
  instance: Omit<InstanceInfo, "isSettled" | "isAsWanted">,
  nodes: readonly NodeInfo[],
): readonly EndpointView[] {
  const { name, slot, state, isChecked, healthy, ports, pausedSince } = instance;
  if (pausedSince !== undefined) return []; // It takes connections, and answers none.
  const node = nodes.find(({ id }) => id === instance.node);
  if (node === undefined || state !== "running" || (isChecked && healthy !== true)) return [];
  const { host } = parseAddress(node.address);
  return Object.entries(ports).map(([port, number]) => {
    const address = formatAddress({ host, port: number });
    return { name, slot, node: node.name, port, address, healthy };
  });
}

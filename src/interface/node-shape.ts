/** A node, in the shape that the API promises. */
import type { NodeUse } from "../actors/node-view.ts";
import type { NodeView } from "../api/shapes.ts";
import { noResources, type Resources } from "../core/resources.ts";

export function nodeView({
  name,
  id,
  address,
  state,
  isDrained,
  providers,
  labels,
  version,
  weight = 1,
  capacity = noResources,
  reserved,
}: NodeUse): NodeView {
  const offered = providers.filter(({ available }) => available).map(({ type }) => type);
  const common = { name, id, address, state, drained: isDrained, version, weight };
  const room = { capacity: amounts(capacity), reserved: amounts(reserved) };
  return { ...common, ...room, providers: offered.sort(), labels: { ...labels } };
}

function amounts({ memoryBytes, milliCpus }: Resources): NodeView["reserved"] {
  return { memory: memoryBytes, cpu: milliCpus / 1_000 };
}

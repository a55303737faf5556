/** A node, in the shape that the API promises. */
import type { NodeInfo } from "../actors/node-view.ts";
import type { NodeView } from "../api/shapes.ts";

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
}: NodeInfo): NodeView {
  const offered = providers.filter(({ available }) => available).map(({ type }) => type);
  const common = { name, id, address, state, drained: isDrained, version, weight };
  return { ...common, providers: offered.sort(), labels: { ...labels } };
}

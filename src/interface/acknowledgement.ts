/** What the answer of a write is worth, in the shape that the API promises. */
import type { Outcome } from "../actors/outcomes.ts";
import type { NodeId } from "../core/ids.ts";

export function acknowledgement(
  { acks, replicas, partitioned }: Outcome["receipt"],
  nodeName: (id: NodeId | null) => string | null,
) {
  const holders = acks.map((id) => nodeName(id) ?? id);
  return { class: "available" as const, acks: holders, replicas, partitioned };
}

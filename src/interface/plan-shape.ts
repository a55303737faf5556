/** What a deploy would do, in the shape that the API promises. */
import type { PlanResult } from "../api/results.ts";
import type { NodeId } from "../core/ids.ts";
import type { PlannedDeploy } from "../services/plan.ts";

export function planResult(
  { group, result, generation, changes, instances }: PlannedDeploy,
  nodeName: (id: NodeId | null) => string | null,
): PlanResult {
  const planned = instances.map(({ name, slot, action, node, from, reason, refusals }) => {
    const places = { node: nodeName(node), from: nodeName(from) };
    const refused = refusals.map((refusal) => ({ node: refusal.name, reasons: refusal.reasons }));
    return { name, slot, action, ...places, reason, refusals: refused };
  });
  return { group, result, generation, changes, instances: planned };
}

/** Whether a service asks to be isolated from its machine, which not every node can do. */
import { asObject } from "../core/reading.ts";
import type { ServiceSpec } from "./spec.ts";

/** Of whatever provider: one that has no such parameter refuses it. */
export function isIsolated({ params }: Pick<ServiceSpec, "params">): boolean {
  const { isolation = false } = asObject(params) ?? {};
  return isolation !== false;
}

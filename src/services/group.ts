/**
 * What is deployed under one name: a service alone, or a group of services and groups, which together are
 * a supervision tree as OTP's are.
 */
import type { ServiceName } from "../core/ids.ts";
import type { Strategy } from "../core/strategies.ts";
import type { Intensity } from "./restart-policy.ts";
import type { ServiceSpec } from "./spec.ts";

/** Services and groups that are supervised together, as they were written. */
export interface GroupSpec {
  readonly name: ServiceName;
  /** Which of them are stopped and started again with one that ended; default `one_for_one`. */
  readonly strategy: Strategy;
  /** More restarts, and the group itself fails; absent: it never does for their number. */
  readonly intensity?: Intensity;
  /** In the order in which they are started; by their own names, without the group's. */
  readonly services: readonly Spec[];
}

/** What stands under a name. */
export type Spec = ServiceSpec | GroupSpec;

/** Most services of a group, those of the groups in it included. */
export const servicesMax = 256;

export function isGroup(spec: Spec): spec is GroupSpec {
  return "services" in spec;
}

/** Whether a group counts what of it is restarted, or restarts others with it; else the nodes do it alone. */
export function supervises({ strategy, intensity }: GroupSpec): boolean {
  return strategy !== "one_for_one" || intensity !== undefined;
}

/** Instances, as users name them: `web/2` is the one in slot 2 of `web`. */
import { NotFound } from "../core/errors.ts";
import { labelOf } from "./running-instance.ts";
import type { InstanceInfo } from "./service-view.ts";

/** What is deployed, as far as a name can be of it. */
export interface Deployed {
  readonly has: (name: string) => boolean;
  /** Of one service. */
  readonly instancesOf: (name: string) => readonly InstanceInfo[];
}

/** The same, of groups too. */
export interface AllDeployed extends Deployed {
  readonly instances: () => readonly InstanceInfo[];
  /** A service, or a group with all that is in it. @throws NotFound */
  readonly service: (name: string) => { readonly instances: readonly InstanceInfo[] };
}

/** Undefined where that is no slot's name, or a service or group has it. @throws NotFound, for a slot that there is not too */
export function slotNamed(deployed: Deployed, wanted: string): InstanceInfo | undefined {
  const [, name, slot] = /^(.+)\/(\d{1,9})$/.exec(wanted) ?? [];
  if (name === undefined || deployed.has(wanted)) return undefined;
  if (!deployed.has(name)) throw new NotFound(`there is no service ${wanted}`);
  const one = deployed.instancesOf(name).find((instance) => instance.slot === Number(slot));
  if (one === undefined) throw new NotFound(`${name} has no instance ${slot}`);
  return one;
}

/** Those of a service, or the one of a slot of it. @throws NotFound; BadRequest for a group */
export function instancesNamed(deployed: Deployed, wanted: string): readonly InstanceInfo[] {
  const slot = slotNamed(deployed, wanted);
  return slot === undefined ? deployed.instancesOf(wanted) : [slot];
}

/** Those of several services, groups and slots, each once; of all, where none is named. @throws NotFound */
export function allNamed(
  deployed: AllDeployed,
  wanted: readonly string[],
): readonly InstanceInfo[] {
  if (wanted.length === 0) return deployed.instances();
  const meant = wanted.flatMap(
    (name) => slotNamed(deployed, name) ?? deployed.service(name).instances,
  );
  return [...new Map(meant.map((one) => [labelOf(one), one])).values()];
}

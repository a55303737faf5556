/** One instance of a service, as users name it: `web/2` is the one in slot 2 of `web`. */
import { NotFound } from "../core/errors.ts";
import type { Operations } from "./operations.ts";
import type { InstanceInfo } from "./service-view.ts";

/** Undefined where that is no slot's name, or a service or group has it. @throws NotFound, for a slot that there is not too */
export function slotNamed(
  deployed: Pick<Operations, "has" | "instancesOf">,
  wanted: string,
): InstanceInfo | undefined {
  const [, name, slot] = /^(.+)\/(\d{1,9})$/.exec(wanted) ?? [];
  if (name === undefined || deployed.has(wanted)) return undefined;
  if (!deployed.has(name)) throw new NotFound(`there is no service ${wanted}`);
  const one = deployed.instancesOf(name).find((instance) => instance.slot === Number(slot));
  if (one === undefined) throw new NotFound(`${name} has no instance ${slot}`);
  return one;
}

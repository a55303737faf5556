/** What must hold of a spec's fields together, beyond what each says by itself. */
import type { Place } from "../core/reading.ts";
import type { HealthPolicy } from "./health-policy.ts";
import type { Instances } from "./instances.ts";
import { type Ports, portVariable } from "./ports.ts";
import type { UpdatePolicy } from "./update-policy.ts";
import type { VolumeWish } from "./volumes.ts";

/** Of a spec, the fields that are looked at together. */
interface CheckedFields {
  readonly ports: Ports;
  readonly env: Readonly<Record<string, string>>;
  readonly health?: HealthPolicy;
  readonly instances: Instances;
  readonly update: UpdatePolicy;
  readonly volumes: readonly VolumeWish[];
}

/** What the fields say of each other's ports. */
export function complainOfPorts({ ports, env, health }: CheckedFields, at: Place): void {
  for (const name of Object.keys(ports)) {
    const variable = portVariable(name);
    if (Object.hasOwn(env, variable)) {
      at.member("env").member(variable).wrong(`is where ports.${name} is told`);
    }
  }
  const check = health?.check;
  if (check === undefined || check.kind === "exec" || typeof check.port === "number") return;
  if (Object.hasOwn(ports, check.port)) return;
  const place = at.member("health").member(check.kind).member("port");
  place.wrong(`${check.port} is none of the service's ports`);
}

/** Why a service cannot have so many instances; undefined: it can. */
export function whyNotInstances(
  { volumes }: Pick<CheckedFields, "volumes">,
  instances: Instances,
): string | undefined {
  if (volumes.length === 0 || instances === 0 || instances === 1) return undefined;
  return "must be 1, or 0: a volume has one writer";
}

/** What the fields say of how many would write to a volume at a time. */
export function complainOfWriters(spec: CheckedFields, at: Place): void {
  const why = whyNotInstances(spec, spec.instances);
  if (why !== undefined) at.member("instances").wrong(why);
  if (spec.volumes.length === 0 || spec.update.order === "stop-first") return;
  const order = at.member("update").member("order");
  order.wrong("must be stop-first: a volume has one writer");
}

/** What must hold of a spec's fields together, beyond what each says by itself. */
import type { Place } from "../core/reading.ts";
import type { HealthPolicy } from "./health-policy.ts";
import type { Instances } from "./instances.ts";
import { type Ports, portVariable } from "./ports.ts";
import type { UpdatePolicy } from "./update-policy.ts";
import { localVolumes, type VolumeWish } from "./volumes.ts";

/** Of a spec, the fields that are looked at together. */
interface CheckedFields extends OneAtATime {
  readonly ports: Ports;
  readonly env: Readonly<Record<string, string>>;
  readonly health?: HealthPolicy;
  readonly instances: Instances;
  readonly update: UpdatePolicy;
}

/** Of a spec, what may allow no more than one instance. */
interface OneAtATime {
  readonly provider: string;
  readonly volumes: readonly VolumeWish[];
}

/** Why there cannot be two instances of a service, not even for a moment; undefined: there can. */
export function whyOneAtATime({ provider, volumes }: OneAtATime): string | undefined {
  if (localVolumes(volumes).length > 0) return "a volume has one writer";
  return provider === "glusterfs" ? "it is one volume" : undefined;
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
export function whyNotInstances(spec: OneAtATime, instances: Instances): string | undefined {
  const why = whyOneAtATime(spec);
  if (why === undefined || instances === 0 || instances === 1) return undefined;
  return `must be 1, or 0: ${why}`;
}

/** What the fields say of how many instances there would be at a time. */
export function complainOfInstances(spec: CheckedFields, at: Place): void {
  const why = whyNotInstances(spec, spec.instances);
  if (why !== undefined) at.member("instances").wrong(why);
  const whyOne = whyOneAtATime(spec);
  if (whyOne === undefined || spec.update.order === "stop-first") return;
  at.member("update").member("order").wrong(`must be stop-first: ${whyOne}`);
}

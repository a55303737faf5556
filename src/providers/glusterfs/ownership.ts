/**
 * Whose a volume is: by its name, which nothing of another network has, and by options of it that gluster keeps
 * and does not act upon. A pool is shared by networks, nodes and people; what has no such options is nobody's here.
 */
import { asInstanceId, type InstanceId } from "../../core/ids.ts";

/** What options begin with that are Mob's own. */
export const ownOptions = "user.mob.";

const fields = [
  "network",
  "node",
  "service",
  "instance",
  "attempt",
  "folder",
  "host",
  "since",
] as const;

/** The task that has a volume, and who has started that. */
export interface Ownership {
  /** Id of the network. */
  readonly network: string;
  readonly node: string;
  /** Full name. */
  readonly service: string;
  readonly instance: InstanceId;
  readonly attempt: number;
  /** Of the provider, without symbolic links, and the host that has it. */
  readonly folder: string;
  readonly host: string;
  /** Wall clock, ms. */
  readonly since: number;
}

/**
 * The volume of a service, in every pool: the same on whatever node it is supervised, and after each update, so
 * that its data is found again. Gluster takes letters, digits, `-` and `_`, and no service has the last.
 */
export function volumeName(network: string, service: string): string {
  return `mob-${network.slice(0, 12)}-${service.replaceAll("/", "_")}`;
}

/** As `gluster volume set` takes them: name, value, name, value. */
export function ownershipWords(ownership: Ownership): readonly string[] {
  return fields.flatMap((field) => [`${ownOptions}${field}`, String(ownership[field])]);
}

/** Undefined for a volume that Mob has not started. */
export function ownershipIn(options: ReadonlyMap<string, string>): Ownership | undefined {
  const told = (field: (typeof fields)[number]) => options.get(`${ownOptions}${field}`) ?? "";
  const [instance, attempt, since] = [told("instance"), told("attempt"), told("since")];
  if (instance === "" || !/^\d{1,15}$/.test(attempt) || !/^\d{1,15}$/.test(since)) return undefined;
  return {
    network: told("network"),
    node: told("node"),
    service: told("service"),
    instance: asInstanceId(instance),
    attempt: Number(attempt),
    folder: told("folder"),
    host: told("host"),
    since: Number(since),
  };
}

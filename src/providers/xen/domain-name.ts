/**
 * How a domain of Mob's is known on its domain 0, where nodes and people make others: by its name, and by what is
 * noted of it in Xen's store, which lasts as long as the domains do. Pure.
 */
import { asInstanceId, type InstanceId } from "../../core/ids.ts";
import { asObject } from "../../core/reading.ts";

/** Which task a domain is. */
export interface DomainTask {
  /** Id of the keeper that has its script. */
  readonly keeper: string;
  readonly instance: InstanceId;
  readonly attempt: number;
}

/** Whose a domain is, told so that it can be judged once its node is gone. */
export interface DomainOwner {
  /** Of the provider, without symbolic links. */
  readonly folder: string;
  /** Name of the host that the node runs on, where that folder is. */
  readonly host: string;
  readonly node: string;
  readonly network?: string;
  readonly service: string;
  /** Wall clock, ms. */
  readonly startedAt: number;
}

export function domainName({ keeper, instance, attempt }: DomainTask): string {
  return `mob-${keeper}-${instance}-${attempt}`;
}

/** Undefined for the name of what is no domain of Mob's. */
export function parseDomainName(name: string): DomainTask | undefined {
  const [, keeper, instance, attempt = ""] =
    /^mob-([0-9a-f]{12})-([0-9a-f]{16})-(\d{1,15})$/.exec(name) ?? [];
  if (keeper === undefined || instance === undefined) return undefined;
  return { keeper, instance: asInstanceId(instance), attempt: Number(attempt) };
}

/** The path in Xen's store of what is noted of a domain. */
export function notePath(name: string): string {
  return `/mob/${name}`;
}

/** In letters that no tool of Xen's changes. */
export function noteText(owner: DomainOwner): string {
  return Buffer.from(JSON.stringify(owner)).toString("base64");
}

/** What of it is told; nothing, where an earlier version made the domain. */
export function parseNote(text: string): Partial<DomainOwner> {
  try {
    const told = asObject(JSON.parse(Buffer.from(text, "base64").toString())) ?? {};
    const words = ["folder", "host", "node", "network", "service"] as const;
    const said = words.filter((word) => typeof told[word] === "string");
    const { startedAt } = told;
    return {
      ...Object.fromEntries(said.map((word) => [word, told[word]])),
      ...(typeof startedAt === "number" && { startedAt }),
    };
  } catch {
    return {};
  }
}

/**
 * Full names of services: the name of a lone service, which is its group's as well, or
 * `group/service`, as deep as groups nest.
 */
import { dnsLabel, type ServiceName } from "../core/ids.ts";

/** Most parts of a full name: how deep groups nest. */
export const labelsMax = 8;

const label = dnsLabel.source.slice(1, -1);
/** A full name of a service. */
export const serviceNamePattern = new RegExp(`^${label}(/${label}){0,${labelsMax - 1}}$`);

export function isServiceName(text: unknown): text is ServiceName {
  return typeof text === "string" && serviceNamePattern.test(text);
}

/** The group that a service belongs to: all that is stored of it stands under this name. */
export function groupOf(name: ServiceName): string {
  return name.split("/", 1)[0] ?? name;
}

/** Whether a full name is of something in the group of that full name. */
export function isUnder(name: string, group: string): boolean {
  return name.startsWith(`${group}/`);
}

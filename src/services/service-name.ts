/**
 * Full names of services: the name of a lone service, which is its group's as well, or
 * `group/service`, as deep as groups nest.
 */
import { dnsLabel, type ServiceName } from "../core/ids.ts";

/** Deepest nesting of groups. */
const labelsMax = 8;

export function isServiceName(text: unknown): text is ServiceName {
  if (typeof text !== "string") return false;
  const labels = text.split("/", labelsMax + 1);
  return labels.length <= labelsMax && labels.every((label) => dnsLabel.test(label));
}

/** The group that a service belongs to: all that is stored of it stands under this name. */
export function groupOf(name: ServiceName): string {
  return name.split("/", 1)[0] ?? name;
}

/**
 * What services require of each other: that no cycle comes about, and what one still waits for. A
 * dependency that is not there yet is no error: services may be deployed in any order.
 */
import type { ServiceName } from "../core/ids.ts";
import type { Phase } from "./instance-status.ts";

/** A dependency that is not satisfied, and why, for people: `is pending`. */
export interface Waiting {
  readonly name: ServiceName;
  readonly why: string;
}

/** Who requires whom: a map, or what looks it up where it is. */
export type DependencyGraph = Pick<ReadonlyMap<ServiceName, readonly ServiceName[]>, "get">;

/**
 * The shortest cycle through `from`, closed: `[a, b, a]`. Only a deploy of `from` can have made one,
 * so no other needs to be looked for.
 */
export function findCycle(
  graph: DependencyGraph,
  from: ServiceName,
): readonly ServiceName[] | undefined {
  const requiredBy = new Map<ServiceName, ServiceName>();
  // Breadth first; the list grows while it is walked.
  const toVisit = [from];
  for (const name of toVisit) {
    for (const required of graph.get(name) ?? []) {
      if (required === from) return closed(name, requiredBy, from);
      if (requiredBy.has(required)) continue;
      requiredBy.set(required, name);
      toVisit.push(required);
    }
  }
  return undefined;
}

function closed(
  last: ServiceName,
  requiredBy: ReadonlyMap<ServiceName, ServiceName>,
  from: ServiceName,
): readonly ServiceName[] {
  const cycle = [from];
  let name: ServiceName | undefined = last;
  while (name !== undefined && name !== from) {
    cycle.unshift(name);
    name = requiredBy.get(name);
  }
  return [from, ...cycle];
}

/** The cycle for people: `a → b → a`. */
export function cycleText(cycle: readonly ServiceName[]): string {
  return cycle.join(" → ");
}

/** A service that another one requires, or an instance of it, as the network knows it. */
export interface Dependency {
  /** `lost`: its node is not there to tell. */
  readonly phase: Phase;
  /** Of one that runs: found healthy, or not checked at all. */
  readonly isHealthy: boolean;
}

/** What several instances are to those that require the service: one that does its work is enough. */
export function dependencyOf(instances: readonly Dependency[]): Dependency {
  const isNearest = ({ phase, isHealthy }: Dependency) => phase === "done" || isHealthy;
  return (
    instances.find(isNearest) ??
    instances.find(({ phase }) => phase === "running") ??
    instances[0] ?? { phase: "pending", isHealthy: false }
  );
}

/**
 * Those of `requires` that are not satisfied, in their order. One is satisfied while it runs and is
 * healthy, or when it is a job that has ended well: what a migration was required for is there once it
 * is done.
 * @param dependencyOn undefined: no such service is deployed
 */
export function waitingFor(
  requires: readonly ServiceName[],
  dependencyOn: (name: ServiceName) => Dependency | undefined,
): readonly Waiting[] {
  return requires.flatMap((name): Waiting[] => {
    const why = whyNot(dependencyOn(name));
    return why === undefined ? [] : [{ name, why }];
  });
}

function whyNot(dependency: Dependency | undefined): string | undefined {
  if (dependency === undefined) return "is not deployed";
  const { phase, isHealthy } = dependency;
  if (phase === "done") return undefined;
  if (phase !== "running") return `is ${phase}`;
  return isHealthy ? undefined : "is running, and not healthy yet";
}

/** For the status: `waits for db (is pending), cache (is not deployed)`. */
export function waitingText(waiting: readonly Waiting[]): string {
  return `waits for ${waiting.map(({ name, why }) => `${name} (${why})`).join(", ")}`;
}

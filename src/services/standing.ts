/**
 * What has become of the services that an instance was started with, as far as it has to follow them: one
 * has another incarnation, or is down for good.
 */
import type { ServiceName } from "../core/ids.ts";
import type { Phase, StartedWith } from "./instance-status.ts";

/** What a service does when one that it requires is down or was restarted; default `restart`. */
export type OnDependencyDown = "restart" | "stop" | "ignore";

/** An instance of a required service, as far as it can be known. */
export interface StandingInstance {
  /** Undefined: nothing is known of it now. `lost`: its node is dead. */
  readonly phase: Phase | undefined;
  /** It does its work. */
  readonly isUp: boolean;
  /** Names one run of its task on the network. */
  readonly incarnation: string;
}

/** A required service. */
export interface Standing {
  readonly name: ServiceName;
  /** Of those of its instances that do their work. */
  readonly up: readonly string[];
  /** Why none of it will come up by itself; absent: one is up, or may come. */
  readonly down?: string;
}

/**
 * It does not come up by itself: only a user or another placement brings it back. What is `pending` waits
 * itself for something that is not there, so that a whole chain goes down.
 */
const ends: ReadonlySet<Phase | undefined> = new Set<Phase>([
  "pending",
  "stopped",
  "failed",
  "lost",
]);

/** @param instances those placed; undefined: the service was removed */
export function standingOf(
  name: ServiceName,
  instances: readonly StandingInstance[] | undefined,
): Standing {
  if (instances === undefined) return { name, up: [], down: "is not deployed" };
  const up = instances.filter(({ isUp }) => isUp).map(({ incarnation }) => incarnation);
  const [first] = instances;
  const isDown = first !== undefined && instances.every(({ phase }) => ends.has(phase));
  return isDown ? { name, up, down: `is ${first.phase}` } : { name, up };
}

/** To be remembered at a start: what is up, and of the rest what was remembered before. */
export function startedWith(
  standing: readonly Standing[],
  before: StartedWith | undefined,
): StartedWith | undefined {
  const entries = standing.flatMap(({ name, up }): [string, readonly string[]][] => {
    const known = up.length > 0 ? up : before?.[name];
    return known === undefined ? [] : [[name, known]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Why what runs is to be ended for what it requires, for people; undefined: it may run on. */
export function whyNotRunOn(
  policy: OnDependencyDown,
  standing: readonly Standing[],
  remembered: StartedWith | undefined,
): string | undefined {
  if (policy === "ignore") return undefined;
  const down = whyDown(policy, standing);
  if (down !== undefined || policy === "stop") return down;
  const other = standing.find(({ name, up }) => {
    const known = remembered?.[name];
    return known !== undefined && up.length > 0 && !up.some((one) => known.includes(one));
  });
  return other === undefined ? undefined : `${other.name} was restarted`;
}

/** Why it is not to be started either, until that changes. */
export function whyDown(
  policy: OnDependencyDown,
  standing: readonly Standing[],
): string | undefined {
  if (policy === "ignore") return undefined;
  const down = standing.find((one) => one.down !== undefined);
  return down === undefined ? undefined : `${down.name} ${down.down}`;
}

/**
 * Supervises the services of a group as OTP's `supervisor` does its children: which of them are restarted
 * with one that ended, and when that was too often. Pure. What is decided is told as lives: each instance
 * is to be in one, and whoever runs in an earlier one is ended, and started in this one. So a decision is
 * one record; carrying it out takes no more of the controller, and whoever comes after it goes on from there.
 */
import type { ServiceName } from "../core/ids.ts";
import { countRestart } from "../core/restart-intensity.ts";
import { affected } from "../core/strategies.ts";
import { type GroupSpec, isGroup, type Spec, supervises } from "./group.ts";
import { within } from "./group-members.ts";
import type { Stamp } from "./instance-status.ts";
import { isUnder } from "./service-name.ts";

/** What has been decided of a group. */
export interface Supervision {
  /** By slot: the life that its instance is to be in; absent: 0, its first. Only ever grows. */
  readonly lives: Readonly<Record<string, number>>;
  /** By full name of a group: when it restarted something, as far back as its intensity looks. Wall clock, ms. */
  readonly restartedAt: Readonly<Record<string, readonly number[]>>;
  /** Why all of it has failed; absent: it has not. */
  readonly failure?: string;
  /** What users last said of it when that was decided: after another word all counts anew, but the lives. */
  readonly since: Stamp;
}

/** An instance that is placed. */
export interface Supervised {
  readonly service: ServiceName;
  readonly slot: number;
  /** That it was last started in. */
  readonly life: number;
  /** What it came to in that life, if it is to be restarted, or has given up; absent: it runs, or is done. */
  readonly end?: { readonly kind: "restart" | "failed"; readonly why: string };
}

export const unsupervised: Supervision = { lives: {}, restartedAt: {}, since: "" };

/** What users last said of a group: a start, a deploy or a stop, and a restart. */
export function sinceOf(runStamp: Stamp, restartStamp: Stamp): Stamp {
  return `${runStamp} ${restartStamp}`;
}

/** How a slot is called in `lives`. */
export function slotName(service: ServiceName, slot: number): string {
  return `${service}/${slot}`;
}

/**
 * What follows of the ends that were not yet answered; `before` itself where there are none. An end is
 * answered by another life of what ended, so that it is told again without effect.
 * @param instances all that are placed of the group
 * @param since what users last said of the group
 */
export function supervise(
  group: GroupSpec,
  before: Supervision,
  instances: readonly Supervised[],
  since: Stamp,
  nowMs: number,
): Supervision {
  const { lives } = before;
  let now: Supervision =
    before.since === since ? before : { lives, restartedAt: {}, since: before.since };
  for (const instance of instances) {
    if (now.failure !== undefined) break;
    const { service, slot, life, end } = instance;
    if (end === undefined || life < (now.lives[slotName(service, slot)] ?? 0)) continue;
    now = answered(group, now, instances, { ...instance, end }, nowMs);
  }
  const hasDecided = now.lives !== lives || now.failure !== before.failure;
  return hasDecided ? { ...now, since } : before;
}

type Ended = Supervised & Required<Pick<Supervised, "end">>;

/** A group on the way from the whole to a service, and which of its children leads on. */
interface Level {
  readonly group: GroupSpec;
  /** The full one. */
  readonly name: ServiceName;
  readonly child: number;
}

function answered(
  root: GroupSpec,
  before: Supervision,
  instances: readonly Supervised[],
  { service, slot, end }: Ended,
  nowMs: number,
): Supervision {
  const [innermost, ...outer] = levelsTo(root, service).toReversed();
  if (innermost === undefined || !supervises(innermost.group)) return before;
  const why = `${service} ${end.why}`;
  if (end.kind === "restart") {
    return childEnded([innermost, ...outer], before, { instances, slot, why, nowMs });
  }
  // To the others of it that is nothing; but those that are not to run without it cannot be restored.
  if (innermost.group.strategy === "one_for_one") return before;
  const failed = `${innermost.name} failed, since ${why}`;
  return childEnded(outer, before, { instances, why: failed, nowMs });
}

interface ChildEnd {
  readonly instances: readonly Supervised[];
  /** The one instance of a service that ended; absent: all that the child is. */
  readonly slot?: number;
  readonly why: string;
  readonly nowMs: number;
}

/**
 * The child of the innermost of `levels` is to be restarted. Where that is once too often the group itself
 * is what ended, for the one around it: as OTP's supervisors escalate. The outermost has nobody around it.
 */
function childEnded(
  [level, ...outer]: readonly Level[],
  before: Supervision,
  end: ChildEnd,
): Supervision {
  if (level === undefined) return { ...before, failure: end.why };
  const { group, name } = level;
  if (group.intensity === undefined) return restarted(level, before, end);
  const { restarts, withinMs } = group.intensity;
  const limit = { intensity: restarts, periodMs: withinMs };
  const counted = countRestart(limit, before.restartedAt[name] ?? [], end.nowMs);
  if (counted.exceeded) {
    const often = `${restarts} restarts within ${withinMs / 1_000} s`;
    const why = `${name} gave up after ${often}; at last ${end.why}`;
    const { instances, nowMs } = end;
    return childEnded(outer, before, { instances, why, nowMs });
  }
  const restartedAt = { ...before.restartedAt, [name]: counted.restartedAt };
  return restarted(level, { ...before, restartedAt }, end);
}

/** Another life for the child, and for those that the strategy restarts with it. */
function restarted(
  { group, name, child }: Level,
  before: Supervision,
  { instances, slot }: ChildEnd,
): Supervision {
  const names = affected(group.strategy, group.services, child).map((one) =>
    within(name, one.name),
  );
  const isIn = (full: string) => names.some((one) => full === one || isUnder(full, one));
  const isAlone = group.strategy === "one_for_one" && slot !== undefined;
  const lives = { ...before.lives };
  for (const instance of instances) {
    if (!isIn(instance.service) || (isAlone && instance.slot !== slot)) continue;
    const key = slotName(instance.service, instance.slot);
    lives[key] = Math.max(lives[key] ?? 0, instance.life) + 1;
  }
  // A group that is restarted as a whole has restarted nothing yet.
  const counts = Object.entries(before.restartedAt).filter(([one]) => !isIn(one));
  return { ...before, lives, restartedAt: Object.fromEntries(counts) };
}

/** From the outermost group to the one that a service is in. */
function levelsTo(root: GroupSpec, service: ServiceName): readonly Level[] {
  const levels: Level[] = [];
  let [part, name]: [Spec | undefined, ServiceName] = [root, root.name];
  for (const label of service.split("/").slice(1)) {
    if (part === undefined || !isGroup(part)) return [];
    const child: number = part.services.findIndex((one) => one.name === label);
    levels.push({ group: part, name, child });
    part = part.services[child];
    if (part !== undefined) name = within(name, part.name);
  }
  return levels;
}

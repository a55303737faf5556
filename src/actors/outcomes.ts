/** What came of what users asked to be changed, as they are told of it: once it is at rest, or waits for something. */
import { asServiceName } from "../core/ids.ts";
import type { ServiceAction } from "../services/service-action.ts";
import { groupOf } from "../services/service-name.ts";
import type { Receipt } from "../store/replication.ts";
import { askDecider, type DeciderOptions } from "./decider.ts";
import type { Remains } from "./remains.ts";
import { type InstanceInfo, instancesUnder } from "./service-view.ts";
import { gone, settled, type WaitingOptions } from "./waiting.ts";
import type { Deployed } from "./wishes.ts";

export interface Outcome {
  readonly receipt: Receipt;
  /** In order of slots; none: it is gone. */
  readonly instances: readonly InstanceInfo[];
  /** Those that were not as wanted yet by the time of the answer, or not gone; what has failed is told as that. */
  readonly unfinished: readonly Pick<InstanceInfo, "name" | "slot">[];
}

export interface DeployOutcome extends Outcome {
  readonly deployed: Deployed;
  /** Why it was rolled back by the time of the answer; absent: it was not. */
  readonly undone?: string;
}

export interface ActOutcome extends Outcome {
  readonly changed: boolean;
  /** What is left of what was removed. */
  readonly remains: readonly Remains[];
}

/** What became of a spec once it was written; of those instances that there are to be no more, too. */
export async function deployOutcome(
  options: WaitingOptions,
  name: string,
  writing: Promise<Deployed>,
): Promise<DeployOutcome> {
  const { catalog } = options;
  const group = groupOf(asServiceName(name));
  const before = catalog.placementsIn(group);
  const deployed = await writing;
  const { receipt, generation } = deployed;
  await settled(options, name, generation);
  const remains = await gone(options, before);
  const instances = instancesUnder(catalog, name);
  const now = catalog.group(group)?.record;
  const isKnown = now !== undefined && now.generation >= generation;
  const isLeft = instances.filter((one) => !isKnown || isUnfinished(one));
  const undone = now?.generation === generation + 1 ? now.rollback : undefined;
  const outcome = { deployed, receipt, instances, unfinished: [...isLeft, ...remains] };
  return { ...outcome, ...(undone !== undefined && { undone }) };
}

/** Has an action done to a service or a whole group. @throws what its decider throws */
export async function actOutcome(
  options: DeciderOptions,
  name: string,
  action: ServiceAction,
): Promise<ActOutcome> {
  const before = options.catalog.placementsIn(name);
  const { changed, receipt } = await askDecider(options, name, "act", { name, action });
  if (action === "remove") {
    const remains = await gone(options, before);
    return { changed, receipt, instances: [], remains, unfinished: remains };
  }
  const instances = await settled(options, name);
  const unfinished = instances.filter(isUnfinished);
  return { changed, receipt, instances, remains: [], unfinished };
}

/** Nothing more comes by itself of what has failed. */
function isUnfinished({ isSettled, isAsWanted, state }: InstanceInfo): boolean {
  return !isSettled || (!isAsWanted && state !== "failed");
}

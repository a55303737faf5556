/** What is the same for every provider whose tasks are processes: a keeper has them. */
import type { Keeper } from "../keeper/keeper.ts";
import type { KeptCommand } from "../keeper/kept-task.ts";
import type { IsolationCheck } from "./isolation/isolation-check.ts";
import { limitsFeature } from "./limits-feature.ts";
import type { Capabilities, Provider, TaskContext } from "./provider.ts";

type KeptTasks = Pick<Provider, "list" | "adopt" | "output" | "forget" | "remove" | "close">;

/** All that a provider does with tasks once they are started. */
export function keptTasks(keeper: Keeper): KeptTasks {
  return {
    list: (instance) => keeper.list(instance),
    adopt: ({ instance, attempt }) => keeper.adopt(instance, attempt),
    output: (instance, limits) => keeper.output(instance, limits),
    forget: (instance, attempt) => keeper.forget(instance, attempt),
    remove: (instance) => keeper.remove(instance),
    close: () => keeper.close(),
  };
}

/** The same of one whose tasks are all that its processes use: it tells what that is. */
export function measuredTasks(keeper: Keeper): KeptTasks & Required<Pick<Provider, "stats">> {
  return {
    ...keptTasks(keeper),
    stats: ({ instance, attempt }) => keeper.stats(instance, attempt),
  };
}

/** How a process finds its volumes, in what the keeper is given to run. */
export function linksTo({ volumes }: Pick<TaskContext, "volumes">): Pick<KeptCommand, "links"> {
  return volumes === undefined ? {} : { links: volumes };
}

/** The same of one whose tasks can be isolated, and have volumes. */
export async function processFeatures(
  keeper: Keeper,
  isolation: IsolationCheck,
): Promise<Pick<Able, "features" | "lacks">> {
  const [kept, whyNot] = await Promise.all([pausableFeatures(keeper), isolation.whyNot()]);
  const features = [...kept.features, "volumes"];
  if (whyNot === undefined) return { ...kept, features: [...features, "isolation"] };
  return { features, lacks: { ...kept.lacks, isolation: whyNot } };
}

/** What a provider of such tasks can do here, which hands their limits on to the keeper. */
export async function keptFeatures(keeper: Keeper): Promise<Pick<Able, "features" | "lacks">> {
  const features = await keeper.features();
  const limits = limitsFeature(keeper.whyNoLimits);
  return { ...limits, features: [...limits.features, ...features] };
}

/** The same of one whose tasks can be paused: what is adopted of the keeper is so. */
export async function pausableFeatures(keeper: Keeper): Promise<Pick<Able, "features" | "lacks">> {
  const kept = await keptFeatures(keeper);
  const { whyNoPausing } = keeper;
  if (whyNoPausing === undefined) return { ...kept, features: [...kept.features, "pause"] };
  return { ...kept, lacks: { ...kept.lacks, pause: whyNoPausing } };
}

type Able = Extract<Capabilities, { readonly available: true }>;

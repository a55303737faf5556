/**
 * Runs a pod of rkt's as a task. rkt prepares it, and keeps its files; under the stage1 fly the process that runs it
 * becomes its app, so the keeper has it as it has any other process: its pid, its exit, its limits, its log.
 */
import { messageOf, Unavailable } from "../../core/errors.ts";
import { Keeper } from "../../keeper/keeper.ts";
import { keptLeftovers } from "../kept-leftovers.ts";
import { measuredTasks, pausableFeatures } from "../kept-tasks.ts";
import type { Capabilities, Provider, ProviderOptions } from "../provider.ts";
import { enterPod } from "./enter.ts";
import { type RktParams, rktParams } from "./params.ts";
import { PodStarts } from "./pod-starts.ts";
import { isOf, Pods } from "./pods.ts";

const type = "rkt";

/** @throws Unavailable when the folder cannot be made or written. */
export function createRkt({ folder, log, env }: ProviderOptions): Provider<RktParams> {
  const keeper = new Keeper({ folder, log, env, provider: type });
  const pods = new Pods(keeper.folder, env);
  const starts = new PodStarts(keeper, pods, log);
  const kept = measuredTasks(keeper);
  return {
    ...kept,
    type,
    leftovers: keptLeftovers(keeper, type),
    parseParams: rktParams.parse,
    probe: () => probe(pods, keeper),
    start: (instance, params, context) => starts.start(instance, params, context),
    async exec({ instance, attempt, handle }, { command, env: own, ...request }) {
      const pid = handle["pid"];
      if (typeof pid !== "number") throw new Unavailable("its pod does not run");
      keeper.held(instance, attempt); // Else its pid may be another's by now.
      const { prefix, env: ofApp } = await enterPod(pid, env);
      const inside = { command: [...prefix, ...command], env: { ...ofApp, ...own } };
      return await keeper.exec(instance, attempt, inside, request);
    },
    async forget(instance, attempt) {
      await kept.forget(instance, attempt);
      await pods.removeWhere((pod) => isOf(pod, { instance, attempt }));
    },
    async remove(instance) {
      await starts.settled(instance);
      await kept.remove(instance);
      await pods.removeWhere(({ task }) => task?.instance === instance);
    },
  };
}

async function probe(pods: Pods, keeper: Keeper): Promise<Capabilities> {
  try {
    const version = await pods.version();
    const { features, ...told } = await pausableFeatures(keeper);
    return { available: true, version, ...told, features: [...features, "volumes"] };
  } catch (error) {
    return { available: false, reason: messageOf(error) };
  }
}

/**
 * Runs a GlusterFS volume as a task. Its bricks are processes of gluster's, on the hosts of a pool that its users
 * have made; Mob defines the volume, starts and stops it, and has a small script under the keeper end with it.
 */
import { messageOf } from "../../core/errors.ts";
import { Keeper } from "../../keeper/keeper.ts";
import { keptTasks } from "../kept-tasks.ts";
import type { Capabilities, Provider, ProviderOptions } from "../provider.ts";
import { Gluster } from "./gluster.ts";
import { volumeLeftovers } from "./leftovers.ts";
import { type GlusterfsParams, glusterfsParams } from "./params.ts";
import { VolumeTasks } from "./volume-tasks.ts";
import { Volumes } from "./volumes.ts";

/** @throws Unavailable when the folder cannot be made or written. */
export function createGlusterfs(options: ProviderOptions): Provider<GlusterfsParams> {
  const { folder, log, env } = options;
  const keeper = new Keeper({ folder, log, env, provider: "glusterfs" });
  const gluster = new Gluster(env);
  const volumes = new Volumes(gluster, log);
  const tasks = new VolumeTasks(options, keeper, volumes, gluster.words);
  return {
    ...keptTasks(keeper),
    type: "glusterfs",
    parseParams: glusterfsParams.parse,
    probe: () => probe(gluster, volumes, keeper),
    start: (instance, params, context) => tasks.start(instance, params, context),
    list: (instance) => tasks.list(instance),
    adopt: (task) => tasks.adopt(task),
    remove: (instance) => tasks.remove(instance),
    leftovers: volumeLeftovers(volumes, keeper, tasks.own),
    async close() {
      volumes.close();
      await keeper.close();
    },
  };
}

async function probe(gluster: Gluster, volumes: Volumes, keeper: Keeper): Promise<Capabilities> {
  try {
    const said = await gluster.version();
    const version = /\d+(\.\d+)*/.exec(said)?.[0];
    if (version === undefined) return { available: false, reason: `no version: ${said}` };
    await volumes.all();
    return { available: true, version, features: await keeper.features() };
  } catch (error) {
    return { available: false, reason: `gluster does not answer: ${messageOf(error)}` };
  }
}

/** What an engine tells of what a container uses, in the words of Docker's API. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { Unavailable } from "../../core/errors.ts";
import type { TaskStats } from "../provider.ts";

const count = Type.Number({ minimum: 0 });
const Told = Type.Object({
  // All of these are without figures where the container does not run.
  cpu_stats: Type.Object({ cpu_usage: Type.Object({ total_usage: count }) }),
  memory_stats: Type.Object({
    usage: Type.Optional(count),
    // Podman has none.
    stats: Type.Optional(Type.Union([Type.Record(Type.String(), Type.Number()), Type.Null()])),
  }),
  pids_stats: Type.Optional(Type.Object({ current: Type.Optional(count) })),
});
const isTold = Compile(Told);

/**
 * As `docker stats` counts: memory without that part of the page cache that can go at once, and threads among the
 * processes. @throws Unavailable for what has no figures
 */
export function parseStats(value: unknown): TaskStats {
  if (!isTold.Check(value)) throw new Unavailable("the engine's figures of a container are odd");
  const { cpu_stats, memory_stats, pids_stats } = value;
  const { usage } = memory_stats;
  if (usage === undefined)
    throw new Unavailable("the engine has no figures of it: it does not run");
  const processes = pids_stats?.current;
  return {
    cpuMs: cpu_stats.cpu_usage.total_usage / 1e6,
    memoryBytes: usage - cacheIn(memory_stats.stats ?? {}, usage),
    ...(processes !== undefined && { processes }),
  };
}

/** By the names that cgroups of version 1 and 2 have for it. */
function cacheIn(stats: Readonly<Record<string, number>>, usage: number): number {
  const cache = stats["total_inactive_file"] ?? stats["inactive_file"] ?? 0;
  return cache < usage ? cache : 0;
}

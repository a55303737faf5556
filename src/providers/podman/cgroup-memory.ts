/** The memory of a container without its page cache, from the cgroup that Podman has made for it on this host. */
import { join } from "node:path";
import { cgroupMount } from "../../keeper/cgroup.ts";
import { readSmallText } from "../../keeper/small-file.ts";

/** What the two versions of cgroups call what is used, and the cache in it that can go at once. */
const versions = [
  { hierarchy: "memory", used: "memory.usage_in_bytes", cache: "total_inactive_file" },
  { hierarchy: "unified", used: "memory.current", cache: "inactive_file" },
] as const;

/** Bytes; undefined where the node cannot read it. `pid`: of the container's main process. */
export function cgroupMemory({
  id,
  pid,
}: {
  readonly id: string;
  readonly pid: number;
}): number | undefined {
  const groups = readSmallText(`/proc/${pid}/cgroup`) ?? "";
  for (const { hierarchy, used, cache } of versions) {
    const group = groupOf(groups, hierarchy, id);
    const mount = cgroupMount(hierarchy);
    if (group === undefined || mount === undefined) continue;
    const path = join(mount, group);
    const usage = Number.parseInt(readSmallText(join(path, used)) ?? "", 10);
    const stat = readSmallText(join(path, "memory.stat")) ?? "";
    const inCache = Number(new RegExp(`^${cache} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
    if (usage >= inCache) return usage - inCache;
  }
  return undefined;
}

/**
 * The group of a container, of `/proc/PID/cgroup`: what its main process is in may be below it.
 * @param hierarchy of a controller of version 1, or `unified`
 */
export function groupOf(groups: string, hierarchy: string, id: string): string | undefined {
  const lines = groups.split("\n").map((line) => /^(\d+):([^:]*):(.*)$/.exec(line) ?? []);
  const [, , , path] =
    lines.find(([, number, controllers]) =>
      hierarchy === "unified" ? number === "0" : controllers?.split(",").includes(hierarchy),
    ) ?? [];
  return path === undefined ? undefined : new RegExp(`^.*?/[^/]*${id}[^/]*`).exec(path)?.[0];
}

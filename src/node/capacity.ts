/**
 * How much of this machine there is to be reserved: all of it, or what the cgroup of the node has, where
 * that is less. What else runs here is not known; whoever wants to leave it room says so.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { Resources } from "../core/resources.ts";

/** @param said by the user: it counts, in place of what was found */
export function capacityOf(said: Partial<Resources> = {}): Resources {
  const ofGroup = process.constrainedMemory(); // 0, or more than there is: none.
  const memoryBytes = ofGroup > 0 ? Math.min(ofGroup, totalmem()) : totalmem();
  const milliCpus = Math.min(availableParallelism() * 1_000, groupMilliCpus());
  return { memoryBytes, milliCpus, ...said };
}

/** Least of what the cgroup of this process, and those that it is in, may have; Infinity: no limit. */
function groupMilliCpus(): number {
  try {
    const mounts = readFileSync("/proc/self/mounts", "utf8");
    const groups = readFileSync("/proc/self/cgroup", "utf8");
    return Math.min(
      ...quotas(mountOf(mounts, /^\S+ (\S+) cgroup2 /m), /^0::(.*)$/m.exec(groups)?.[1], quotaV2),
      ...quotas(
        mountOf(mounts, /^\S+ (\S+) cgroup \S*\bcpu\b/m),
        /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1],
        quotaV1,
      ),
    );
  } catch {
    return Number.POSITIVE_INFINITY; // No cgroups here.
  }
}

function mountOf(mounts: string, pattern: RegExp): string | undefined {
  return pattern.exec(mounts)?.[1];
}

/** Of a group and all above it, as far as they can be seen. */
function quotas(
  mount: string | undefined,
  group: string | undefined,
  quotaOf: (folder: string) => number,
): readonly number[] {
  if (mount === undefined || group === undefined) return [];
  const found = [quotaOf(mount)];
  for (let at = group; at !== "/" && at !== "."; at = dirname(at))
    found.push(quotaOf(join(mount, at)));
  return found;
}

/** `max 100000`, or µs of CPU time a period. */
function quotaV2(folder: string): number {
  return share(read(join(folder, "cpu.max"))?.split(" ") ?? []);
}

/** -1: no limit. */
function quotaV1(folder: string): number {
  const quota = read(join(folder, "cpu.cfs_quota_us")) ?? "";
  return share([quota, read(join(folder, "cpu.cfs_period_us")) ?? ""]);
}

function share([quota, period]: readonly string[]): number {
  const milliCpus = Math.floor((Number(quota) / Number(period)) * 1_000);
  return milliCpus > 0 ? milliCpus : Number.POSITIVE_INFINITY;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

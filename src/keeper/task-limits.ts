/**
 * Holds tasks to limits of memory and CPU time by cgroups. A task with limits enters its groups before its program
 * runs: what it had taken before would be charged to the node.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Resources } from "../core/resources.ts";
import { makeCgroup } from "./cgroup.ts";
import { type Base, type CgroupBases, type Controller, handDown } from "./cgroup-bases.ts";
import { readSmallText } from "./small-file.ts";

/** Of CPU time, µs: how often the kernel gives out a task's share. */
const periodUs = 100_000;

export class TaskLimits {
  readonly #bases: CgroupBases["limiting"];

  constructor({ limiting }: Pick<CgroupBases, "limiting">) {
    this.#bases = limiting;
  }

  /** The groups of version 1 that a task with limits is in, besides its one of version 2. */
  groupsFor(key: string, limits: Resources): readonly string[] {
    return this.#wanted(limits)
      .filter(({ base }) => base.version === 1)
      .map(({ base }) => join(base.path, key));
  }

  /** Makes the groups of a task, with their limits. @throws Error of the file system */
  make(key: string, limits: Resources): void {
    for (const { base, controller } of this.#wanted(limits)) {
      const group = join(base.path, key);
      makeCgroup(group);
      // The keeper's group goes with its last task, and comes back without.
      if (base.version === 2) handDown(base.path, [controller]);
      if (controller === "memory") limitMemory(group, base.version, limits.memoryBytes);
      else limitCpu(group, base.version, limits.milliCpus);
    }
  }

  #wanted({ memoryBytes, milliCpus }: Resources): readonly Wanted[] {
    return [...this.#bases]
      .filter(([controller]) => (controller === "memory" ? memoryBytes : milliCpus) > 0)
      .map(([controller, base]) => ({ controller, base }));
  }
}

interface Wanted {
  readonly controller: Controller;
  readonly base: Base;
}

/** Whether the kernel has killed something in the group for want of memory. */
export function ranOutOfMemory(group: string): boolean {
  const told = ["memory.oom_control", "memory.events"].map((name) =>
    readSmallText(join(group, name)),
  );
  return told.some((text) => /^oom_kill [1-9]/m.test(text ?? ""));
}

/** Of memory and swap together, where the kernel counts swap: what is over it must not crawl on. */
function limitMemory(group: string, version: 1 | 2, bytes: number): void {
  const [memory, swap, most] =
    version === 1
      ? ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes", bytes]
      : ["memory.max", "memory.swap.max", 0];
  writeFileSync(join(group, memory), `${bytes}`);
  if (existsSync(join(group, swap))) writeFileSync(join(group, swap), `${most}`);
}

function limitCpu(group: string, version: 1 | 2, milliCpus: number): void {
  const quotaUs = Math.max(1_000, (milliCpus * periodUs) / 1_000); // The kernel takes no less.
  if (version === 2) {
    writeFileSync(join(group, "cpu.max"), `${quotaUs} ${periodUs}`);
    return;
  }
  writeFileSync(join(group, "cpu.cfs_period_us"), `${periodUs}`);
  writeFileSync(join(group, "cpu.cfs_quota_us"), `${quotaUs}`);
}

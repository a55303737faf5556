/**
 * Holds tasks to limits of memory and CPU time by cgroups, of version 1 where a controller is there, else of
 * version 2. A task with limits enters its groups before its program runs: what it had taken before would be
 * charged to the node.
 */
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../core/errors.ts";
import type { Resources } from "../core/resources.ts";
import { makeCgroup, ownCgroup, removeIfEmpty } from "./cgroup.ts";
import { readSmallText } from "./small-file.ts";

const controllers = ["memory", "cpu"] as const;
type Controller = (typeof controllers)[number];

/** Where a controller's groups of tasks are made. */
interface Base {
  readonly path: string;
  readonly version: 1 | 2;
}

/** Of CPU time, µs: how often the kernel gives out a task's share. */
const periodUs = 100_000;

export class TaskLimits {
  /** Why there can be none; undefined: there can. */
  readonly whyNot: string | undefined;
  readonly #bases: ReadonlyMap<Controller, Base>;

  /**
   * @param name of the keeper's own group
   * @param unified the keeper's group of version 2; undefined: there is none
   */
  constructor(name: string, unified: string | undefined) {
    const bases = new Map<Controller, Base>();
    this.#bases = bases;
    try {
      if (unified === undefined) throw new Error("no cgroup can be written here");
      for (const controller of controllers)
        bases.set(controller, findBase(controller, name, unified));
    } catch (error) {
      this.whyNot = messageOf(error);
    }
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

/** @throws Error saying why there is none */
function findBase(controller: Controller, name: string, unified: string): Base {
  const own = ownCgroup(controller);
  if (own === undefined) return enableBelow(controller, unified);
  const path = join(own, name);
  const file = controller === "memory" ? "memory.limit_in_bytes" : "cpu.cfs_quota_us";
  mkdirSync(path, { recursive: true });
  accessSync(join(path, file), constants.W_OK);
  removeIfEmpty(path);
  return { path, version: 1 };
}

/**
 * Hands a controller of version 2 down to the groups of tasks. The kernel does not let a group do that which
 * holds processes itself, the root aside.
 */
function enableBelow(controller: Controller, unified: string): Base {
  mkdirSync(unified, { recursive: true });
  for (const group of [dirname(unified), unified]) {
    try {
      writeFileSync(join(group, "cgroup.subtree_control"), `+${controller}`);
    } catch (cause) {
      throw new Error(`${group} cannot hand ${controller} down: ${messageOf(cause)}`, { cause });
    }
  }
  return { path: unified, version: 2 };
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

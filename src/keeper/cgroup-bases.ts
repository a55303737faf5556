/**
 * Where a keeper makes the groups of its tasks. A controller of version 1 has a hierarchy of its own. One of version 2
 * has to be handed down by each group around, which the kernel does not let a group do that holds processes itself, the
 * root aside: so the node's own group cannot, and the nearest around it that can is taken.
 */
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../core/errors.ts";
import { canHold, groupsAround, ownCgroup, removeIfEmpty } from "./cgroup.ts";

const controllers = ["memory", "cpu"] as const;
export type Controller = (typeof controllers)[number];

/** Where a controller's groups of tasks are made. */
export interface Base {
  readonly path: string;
  readonly version: 1 | 2;
}

export interface CgroupBases {
  /** Of version 2, for every task; undefined: there is none. */
  readonly unified: string | undefined;
  /** All that can limit a task; empty where any cannot. */
  readonly limiting: ReadonlyMap<Controller, Base>;
  /** Why that is empty; undefined: it is not. */
  readonly whyNoLimits: string | undefined;
}

export const noCgroups: CgroupBases = {
  unified: undefined,
  limiting: new Map(),
  whyNoLimits: "no cgroup can be written here",
};

/** @param name of the keeper's own groups */
export function findBases(name: string): CgroupBases {
  const around = groupsAround();
  const nearest = around.find((group) => canHold(group, name));
  if (nearest === undefined) return noCgroups;
  try {
    const limiting = new Map(controllers.flatMap((one) => firstVersion(one, name)));
    const others = controllers.filter((one) => !limiting.has(one));
    const parent = others.length === 0 ? nearest : handingDown(around, name, others);
    const path = join(parent, name);
    for (const one of others) limiting.set(one, { path, version: 2 });
    return { unified: path, limiting, whyNoLimits: undefined };
  } catch (error) {
    return { ...noCgroups, unified: join(nearest, name), whyNoLimits: messageOf(error) };
  }
}

/** Empty where the controller is not of version 1 here. @throws Error of the file system */
function firstVersion(controller: Controller, name: string): [Controller, Base][] {
  const own = ownCgroup(controller);
  if (own === undefined) return [];
  const path = join(own, name);
  const file = controller === "memory" ? "memory.limit_in_bytes" : "cpu.cfs_quota_us";
  mkdirSync(path, { recursive: true });
  accessSync(join(path, file), constants.W_OK);
  removeIfEmpty(path);
  return [[controller, { path, version: 1 }]];
}

/** The nearest that can. @throws Error saying why none can */
function handingDown(
  around: readonly string[],
  name: string,
  wanted: readonly Controller[],
): string {
  let why: unknown;
  for (const parent of around) {
    if (!canHold(parent, name)) continue;
    const group = join(parent, name);
    try {
      mkdirSync(group, { recursive: true });
      handDown(group, wanted);
      return parent;
    } catch (error) {
      why = error;
    } finally {
      removeIfEmpty(group);
    }
  }
  const what = wanted.join(" and ");
  throw new Error(
    `neither ${around[0]} nor a group around it can hand ${what} down: ${messageOf(why)}`,
  );
}

/**
 * Lets the groups in a keeper's group have controllers of version 2. They stay there for as long as the group does.
 * @throws Error of the file system
 */
export function handDown(group: string, wanted: readonly Controller[]): void {
  const text = wanted.map((controller) => `+${controller}`).join(" ");
  for (const one of [dirname(group), group])
    writeFileSync(join(one, "cgroup.subtree_control"), text);
}

/**
 * Control groups, version 2, as far as a keeper needs them: a group for the payload of each task,
 * to know whether anything of it lives and to kill all of it at once (cgroups(7), kernel 5.14 on).
 */
import { accessSync, constants, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readSmallText } from "./small-file.ts";

/** The group of the unified hierarchy that this process is in, and those around it, nearest first; none where there is none. */
export function groupsAround(): readonly string[] {
  const [own, mount] = [ownCgroup("unified"), cgroupMount("unified")];
  if (own === undefined || mount === undefined) return [];
  const around = [own];
  for (let at = own; at.startsWith(`${mount}/`); at = dirname(at)) around.push(dirname(at));
  return around;
}

/** Whether this process may make a group of that name in one of the unified hierarchy, and the kernel can kill it. */
export function canHold(parent: string, name: string): boolean {
  const probe = join(parent, name);
  try {
    mkdirSync(probe, { recursive: true });
    accessSync(join(parent, "cgroup.procs"), constants.W_OK);
    accessSync(join(probe, "cgroup.kill"), constants.W_OK);
    return true;
  } catch {
    return false;
  } finally {
    removeIfEmpty(probe);
  }
}

/**
 * The group that this process is in, of a controller of version 1; or with `unified`, of version 2. Undefined
 * where there is no such hierarchy.
 */
export function ownCgroup(controller: string): string | undefined {
  const isUnified = controller === "unified";
  const mount = cgroupMount(controller);
  const groups = readSmallText("/proc/self/cgroup")?.split("\n") ?? [];
  const group = groups
    .map((line) => /^(\d+):([^:]*):(.*)$/.exec(line))
    .find((found) => {
      if (isUnified) return found?.[1] === "0";
      return found?.[2]?.split(",").includes(controller);
    })?.[3];
  return mount === undefined || group === undefined ? undefined : join(mount, group);
}

/** Where the hierarchy of a controller of version 1, or with `unified` that of version 2, begins. */
export function cgroupMount(controller: string): string | undefined {
  const mounts = readSmallText("/proc/self/mounts")?.split("\n") ?? [];
  return mounts
    .map((line) => line.split(" "))
    .find(([, , type, options = ""]) =>
      controller === "unified"
        ? type === "cgroup2"
        : type === "cgroup" && options.split(",").includes(controller),
    )?.[1];
}

export function makeCgroup(path: string): void {
  mkdirSync(path, { recursive: true });
}

/** True while anything lives in the group or below; zombies do not count. */
export function isPopulated(path: string): boolean {
  return /^populated 1$/m.test(readSmallText(join(path, "cgroup.events")) ?? "");
}

/** The pids in the group. */
export function cgroupMembers(path: string): number[] {
  const text = readSmallText(join(path, "cgroup.procs")) ?? "";
  return text.split("\n").flatMap((line) => (line === "" ? [] : [Number(line)]));
}

/**
 * Moves a process into the group; what it forks from then on is born there. Takes the kernel 10 to
 * 20 ms (it waits for all processors), which is why it is not done on the way to a task's start.
 * Resolves also when the process has ended meanwhile, and the group with it.
 */
export async function moveIntoCgroup(path: string, pid: number): Promise<void> {
  try {
    await writeFile(join(path, "cgroup.procs"), `${pid}`);
  } catch (error) {
    const ended = ["ESRCH", "ENOENT", "ENODEV"].some((code) => isErrno(error, code));
    if (!ended) throw error;
  }
}

/** SIGKILL to everything in the group and below, in one stroke that no fork can outrun. */
export function killCgroup(path: string): void {
  try {
    writeFileSync(join(path, "cgroup.kill"), "1");
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** Removes an empty group, and the keeper's own when that was the last in it. */
export function removeCgroup(path: string): void {
  removeIfEmpty(path);
  removeIfEmpty(dirname(path));
}

/** One that is not there, or holds anything, is no error. */
export function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    const expected = ["EBUSY", "ENOTEMPTY", "ENOENT"].some((code) => isErrno(error, code));
    if (!expected) throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

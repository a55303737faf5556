/** Removes the empty cgroups that an engine of a test leaves, in every hierarchy of the machine. */
import { readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** `name`: of the cgroup at the root of a hierarchy below which the engine put its containers. */
export function removeCgroupsNamed(name: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  for (const line of mounts) {
    const [, point = "", type = ""] = line.split(" ");
    if (type === "cgroup" || type === "cgroup2") removeTree(join(point, name));
  }
}

function removeTree(folder: string): void {
  for (const child of foldersIn(folder)) removeTree(join(folder, child));
  try {
    rmdirSync(folder);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOENT" && code !== "EBUSY") throw error; // Busy: another engine has it too.
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

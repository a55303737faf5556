/**
 * Starves a process of the processor, by a control group with a quota (cgroups(7), version 1 or 2). What
 * it forks meanwhile starves with it.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Of the kernel's scheduler: a starved process stands still for the rest of each. */
const periodUs = 100_000;

interface Hierarchy {
  readonly root: string;
  limit(group: string, quotaUs: number): void;
}

let groups = 0;

/** Why no process can be starved here; false: it can. */
export function whyNoStarving(): string | false {
  return findHierarchy() === undefined ? "there are no control groups for the processor" : false;
}

export interface Starving {
  /** The control group's folder. */
  readonly group: string;
  /** Lets it go. More than once is once. */
  readonly end: () => void;
}

/** `share`: of one processor. */
export function starve(pid: number, share: number): Starving {
  const hierarchy = findHierarchy();
  if (hierarchy === undefined) throw new Error("there are no control groups for the processor");
  const group = join(hierarchy.root, `mob-starved-${process.pid}-${++groups}`);
  mkdirSync(group);
  hierarchy.limit(group, Math.round(share * periodUs));
  move(pid, group);
  const end = () => {
    if (!existsSync(group)) return;
    for (let pids = membersOf(group); pids.length > 0; pids = membersOf(group)) {
      for (const member of pids) move(member, dirname(group));
    }
    rmdirSync(group);
  };
  return { group, end };
}

function findHierarchy(): Hierarchy | undefined {
  for (const line of readFileSync("/proc/self/mounts", "utf8").split("\n")) {
    const [, root = "", type, options = ""] = line.split(" ");
    if (type === "cgroup" && options.split(",").includes("cpu")) {
      return {
        root,
        limit(group, quotaUs) {
          writeFileSync(join(group, "cpu.cfs_period_us"), String(periodUs));
          writeFileSync(join(group, "cpu.cfs_quota_us"), String(quotaUs));
        },
      };
    }
    if (type === "cgroup2" && handsDownCpu(root)) {
      const limit = (group: string, quotaUs: number) =>
        writeFileSync(join(group, "cpu.max"), `${quotaUs} ${periodUs}`);
      return { root, limit };
    }
  }
  return undefined;
}

function handsDownCpu(root: string): boolean {
  return readFileSync(join(root, "cgroup.subtree_control"), "utf8").split(/\s/).includes("cpu");
}

function membersOf(group: string): readonly number[] {
  const text = readFileSync(join(group, "cgroup.procs"), "utf8");
  return text.split("\n").filter(Boolean).map(Number);
}

/** Whoever has ended meanwhile stays where it was. */
function move(pid: number, group: string): void {
  try {
    writeFileSync(join(group, "cgroup.procs"), String(pid));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/**
 * The process trees that keepers have started on this machine, whoever they are: found by the marks in the
 * environment of processes and by the names of cgroups, with no record to go by. What a keeper holds is in its
 * records; this is for what no keeper holds any more.
 */
import { lstatSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { InstanceId } from "../core/ids.ts";
import { cgroupMembers, cgroupMount } from "./cgroup.ts";
import { keeperIdOf } from "./keeper-folder.ts";
import {
  isAlive,
  type ProcessIdentity,
  readBootId,
  readStat,
  sendSignal,
  startedAtOf,
} from "./process-identity.ts";
import { ProcessScan } from "./process-scan.ts";
import { ProcessTree } from "./process-tree.ts";
import { parseTaskKey, type TaskKey } from "./record-names.ts";
import { readSmallFile } from "./small-file.ts";

/** Variables of every process of a task: its keeper's folder, and the type of its provider. */
export const folderVariable = "MOB_KEEPER";
export const providerVariable = "MOB_PROVIDER";

export interface MarkedTree {
  /** `KEEPER/INSTANCE.ATTEMPT`: the value of `markVariable`. */
  readonly mark: string;
  /** The keeper's id. */
  readonly keeper: string;
  readonly key: TaskKey;
  readonly instance: InstanceId;
  readonly attempt: number;
  /** Of its keeper; undefined: no process of that keeper's tells. */
  readonly folder: string | undefined;
  readonly provider: string | undefined;
  /** Its processes, the shim aside; none: cgroups are all that is left of it. */
  readonly pids: readonly number[];
  readonly shim: ProcessIdentity | undefined;
  /** That of version 2 first, if there is one. */
  readonly cgroups: readonly string[];
  /** Of its oldest process: wall clock, ms. */
  readonly startedAt: number | undefined;
}

/** What processes say of their keeper. */
interface Told {
  readonly folder: string;
  readonly provider: string;
}

const markPattern = /^([0-9a-f]{12})\/(.+)$/;
const groupPattern = /^mob-([0-9a-f]{12})$/;

/** Every tree on the machine that this process may look into. */
export async function markedTrees(): Promise<readonly MarkedTree[]> {
  const cgroups = await taskCgroups();
  const seen = await new ProcessScan().look();
  const trees = [...new Set([...seen.marks, ...cgroups.keys()])].flatMap((mark) => {
    const [, keeper = "", text = ""] = markPattern.exec(mark) ?? [];
    const task = parseTaskKey(text);
    if (task === undefined) return [];
    const groups = cgroups.get(mark) ?? [];
    const pids = [...new Set([...seen.tree(mark, undefined), ...groups.flatMap(cgroupMembers)])];
    const shim = shimOf(pids);
    return [{ mark, keeper, ...task, pids, shim, cgroups: groups, startedAt: oldest(pids) }];
  });
  const told = new Map<string, Told>();
  for (const { keeper, pids, shim } of trees) {
    const word = [...pids, ...(shim === undefined ? [] : [shim.pid])]
      .flatMap((pid) => toldBy(pid) ?? [])
      .find(({ folder }) => keeperIdOf(folder) === keeper);
    if (word !== undefined) told.set(keeper, word);
  }
  return trees.map((tree) => {
    const { folder, provider } = told.get(tree.keeper) ?? {};
    return { ...tree, folder, provider };
  });
}

/**
 * Whether the folder of a tree's keeper is gone, for us and for each process of the tree: those of a container
 * may see another file system than we do. False where nobody tells which folder it is.
 */
export function isFolderGone({ folder, pids }: Pick<MarkedTree, "folder" | "pids">): boolean {
  if (folder === undefined) return false;
  return isMissing(folder) && pids.every((pid) => isMissing(`/proc/${pid}/root${folder}`));
}

/**
 * True only where there is surely nothing of that path: what may not be looked at may be there. What was removed
 * stays wherever it is mounted, as in the isolation of a task, and has no link any more.
 */
export function isMissing(path: string): boolean {
  try {
    return lstatSync(path).nlink === 0;
  } catch (error) {
    return error instanceof Error && "code" in error && /^(ENOENT|ENOTDIR)$/.test(`${error.code}`);
  }
}

/** Kills all of it, and removes its cgroups. Its shim is stopped first, so that it starts nothing more. */
export async function killMarkedTree({ mark, shim, cgroups }: MarkedTree): Promise<void> {
  const [cgroup, ...limitGroups] = cgroups;
  const bootId = readBootId();
  const shimPid = () => (shim !== undefined && isAlive(shim, bootId) ? shim.pid : undefined);
  const signalShim = (signal: string) => {
    const pid = shimPid();
    return pid !== undefined && sendSignal(pid, signal);
  };
  signalShim("SIGSTOP");
  await new ProcessTree({ mark, cgroup, limitGroups, shimPid, scan: new ProcessScan() }).kill();
  while (signalShim("SIGKILL")) await setTimeout(1);
}

/** The cgroups of tasks, by mark. */
async function taskCgroups(): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  const look = async (path: string): Promise<void> => {
    const [, keeper] = groupPattern.exec(basename(path)) ?? [];
    for (const below of await foldersIn(path)) {
      if (keeper === undefined) {
        await look(join(path, below));
        continue;
      }
      const mark = `${keeper}/${below}`;
      found.set(mark, [...(found.get(mark) ?? []), join(path, below)]);
    }
  };
  const mounts = ["unified", "memory", "cpu"].flatMap((name) => cgroupMount(name) ?? []);
  for (const mount of new Set(mounts)) await look(mount);
  return found;
}

/** None of one that is gone meanwhile, or may not be looked into. */
async function foldersIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** The shim is the parent of a tree's first process, and is told by what it runs. */
function shimOf(pids: readonly number[]): ProcessIdentity | undefined {
  for (const pid of pids) {
    const ppid = readStat(pid)?.ppid ?? 0;
    const stat = readStat(ppid);
    if (pids.includes(ppid) || stat === undefined || shimFolder(ppid) === undefined) continue;
    return { pid: ppid, startTicks: stat.startTicks, bootId: readBootId() };
  }
  return undefined;
}

function oldest(pids: readonly number[]): number | undefined {
  const times = pids.flatMap((pid) => {
    const stat = readStat(pid);
    return (stat && startedAtOf(stat)) ?? [];
  });
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Tasks of an earlier version say nothing: their shims do, by where they are. */
function toldBy(pid: number): Told | undefined {
  const variables = textsIn(`/proc/${pid}/environ`);
  const told = (name: string) =>
    variables.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
  const folder = told(folderVariable) ?? shimFolder(pid);
  if (folder === undefined) return undefined;
  return { folder, provider: told(providerVariable) ?? basename(folder) };
}

/** The folder of the keeper whose shim a process is; undefined: it is none. */
function shimFolder(pid: number): string | undefined {
  const [, script = ""] = textsIn(`/proc/${pid}/cmdline`);
  return basename(script) === "shim.sh" ? dirname(script) : undefined;
}

/** The texts of a file of /proc, each ended by a zero; none where it may not be read. */
function textsIn(path: string): readonly string[] {
  try {
    return readSmallFile(path).toString().split("\0");
  } catch {
    return [];
  }
}

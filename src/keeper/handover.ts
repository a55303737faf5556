/** Gives a task that is to start to a shim: in which groups, with which files, and to do what. */
import type { InstanceId } from "../core/ids.ts";
import type { Resources } from "../core/resources.ts";
import { makeCgroup } from "./cgroup.ts";
import type { Claims } from "./claims.ts";
import type { KeeperFolder } from "./keeper-folder.ts";
import type { KeptCommand } from "./kept-task.ts";
import type { RecordFolder } from "./record-folder.ts";
import type { TaskKey } from "./record-names.ts";
import type { ClaimedRun } from "./run-record.ts";
import type { Shim } from "./shims.ts";
import type { TaskTrees } from "./task-trees.ts";
import { makeLinks } from "./volume-links.ts";

export class Handover {
  readonly #folder: KeeperFolder;
  readonly #records: RecordFolder;
  readonly #claims: Claims;
  readonly #trees: TaskTrees;

  constructor(folder: KeeperFolder, records: RecordFolder, claims: Claims, trees: TaskTrees) {
    this.#folder = folder;
    this.#records = records;
    this.#claims = claims;
    this.#trees = trees;
  }

  /** Claims the task for a shim, hands it over, and waits until its payload runs. */
  async to(
    shim: Shim,
    instance: InstanceId,
    key: TaskKey,
    { command, script, env, cwd, owner, limits, links = [] }: KeptCommand,
  ): Promise<ClaimedRun> {
    const record = this.#records.prefix(key);
    const cgroup = this.#trees.cgroupFor(key);
    const groups = limits === undefined ? [] : this.#limit(key, limits, cgroup);
    const outputFile = this.#folder.output(instance);
    const workFolder = cwd ?? this.#folder.work(instance);
    makeLinks(this.#folder.instance(instance), links);
    if (owner !== undefined) this.#folder.giveTo(owner, instance);
    this.#records.claim(key, shim.identity, cgroup);
    const program = script === undefined ? command : [...command, `${record}.script`];
    shim.hand({ record, cgroup, groups, command: program, workFolder, outputFile, env });
    return await this.#claims.wait(key, shim.identity);
  }

  /** Makes the groups that hold a task to its limits: all that it has to enter before it runs. */
  #limit(key: TaskKey, limits: Resources, cgroup: string | undefined): readonly string[] {
    const groups = this.#trees.limits.groupsFor(key, limits);
    this.#records.writeLimits(key, groups); // Before they are there: none is left by a crash.
    if (cgroup !== undefined) makeCgroup(cgroup);
    this.#trees.limits.make(key, limits);
    return cgroup === undefined ? groups : [cgroup, ...groups];
  }
}

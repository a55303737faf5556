/**
 * Keeps processes that outlive the node: starts them under shims, finds them again, takes them over
 * and removes them without a trace. Whatever runs a command runs it through a keeper.
 * docs/design/0003-keeper.md tells why it is so.
 */
import { rm } from "node:fs/promises";
import { Conflict, messageOf, Unavailable } from "../core/errors.ts";
import type { InstanceId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { Archiver } from "./archiver.ts";
import { Claims } from "./claims.ts";
import { Encloser } from "./encloser.ts";
import type { Exit } from "./exit.ts";
import { Handover } from "./handover.ts";
import { HeldTasks, notRunning } from "./held-tasks.ts";
import { KeeperFeatures } from "./keeper-features.ts";
import { KeeperFolder } from "./keeper-folder.ts";
import {
  handleOf,
  type KeptCommand,
  type KeptFound,
  type KeptGone,
  type KeptTask,
  type PidHandle,
} from "./kept-task.ts";
import { folderVariable, providerVariable } from "./marked-trees.ts";
import type { LogLimits, Output } from "./output.ts";
import { hasProc, isAlive } from "./process-identity.ts";
import { markVariable } from "./process-scan.ts";
import { RecordFolder } from "./record-folder.ts";
import { type RecordName, type TaskKey, taskKey } from "./record-names.ts";
import { type BesideRequest, runBeside } from "./run-beside.ts";
import { ShimSweep } from "./shim-sweep.ts";
import { Shims } from "./shims.ts";
import { Starts } from "./starts.ts";
import { TaskTrees } from "./task-trees.ts";
import type { TreeUsage } from "./tree-usage.ts";
import { removeLinks } from "./volume-links.ts";

export interface KeeperOptions {
  /** The keeper's own; made with mode 0700 if it is not there. */
  readonly folder: string;
  readonly log: Log;
  /** What tasks inherit of the node's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Default true: use cgroups where they can be had. False is slower, and weaker (see the note). */
  readonly cgroups?: boolean;
  /** Type of the provider whose tasks it keeps: by it they are known once their folder is gone. Default: they are not. */
  readonly provider?: string;
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #folder: KeeperFolder;
  readonly #records: RecordFolder;
  readonly #trees: TaskTrees;
  readonly #encloser: Encloser;
  readonly #archiver: Archiver;
  readonly #claims: Claims;
  readonly #shims: Shims;
  readonly #handover: Handover;
  readonly #held: HeldTasks;
  readonly #features: KeeperFeatures;
  readonly #starts = new Starts();
  /** Those with records, so that the folder need not be listed for an instance that is new. */
  readonly #instances: Set<InstanceId>;
  readonly #sweep: ShimSweep;

  /** @throws Unavailable when the folder cannot be made or written. */
  constructor(options: KeeperOptions) {
    const { log, env, cgroups = true } = options;
    const folder = new KeeperFolder(options.folder);
    const records = new RecordFolder(folder.records, log);
    const trees = new TaskTrees(folder.id, cgroups, (key) => records.readLimits(key));
    const claims = new Claims(records);
    const encloser = new Encloser(log);
    const { bootId } = trees;
    this.#options = options;
    this.#folder = folder;
    this.#records = records;
    this.#trees = trees;
    this.#claims = claims;
    this.#encloser = encloser;
    this.#archiver = new Archiver(folder.path, log);
    this.#shims = new Shims({ shim: folder.shim, bootId, env });
    this.#handover = new Handover(folder, records, claims, trees);
    this.#held = new HeldTasks({ records, claims, trees, encloser, log });
    this.#features = new KeeperFeatures({
      folder: folder.path,
      path: env["PATH"],
      trees,
      records,
    });
    records.watch({
      run: (key) => claims.check(key),
      exit: (key) => this.#noteExit(key),
    });
    this.#instances = new Set(records.refresh().map((record) => record.instance));
    this.#sweep = new ShimSweep(
      records.watching,
      () => this.#lookForLost(),
      (shim) => isAlive(shim, bootId),
    );
  }

  /** Its folder's path, without symbolic links. */
  get folder(): string {
    return this.#folder.path;
  }

  /** The folder that tasks of an instance start in. */
  workFolder(instance: InstanceId): string {
    return this.#folder.work(instance);
  }

  /** Why tasks cannot be held to limits here; undefined: they can. */
  get whyNoLimits(): string | undefined {
    return this.#trees.whyNoLimits;
  }

  /** Why tasks cannot be paused here; undefined: they can. */
  get whyNoPausing(): string | undefined {
    return this.#trees.cgroups ? undefined : "no cgroup of version 2 can be written here";
  }

  /**
   * What works here beyond the least: `cgroup-v2`, `hole-punch`, `watch`.
   * @throws Unavailable where there is no bash, which starts all tasks
   */
  async features(): Promise<readonly string[]> {
    await this.#features.bash();
    return await this.#features.list();
  }

  /** Has what tasks are started by ready soon, so that the first need not wait for it. */
  prepare(): void {
    this.#shims.prepare();
  }

  /**
   * Starts a task. Idempotent by instance and attempt. Resolves when its payload runs; the pid is
   * missing where an earlier call's start was cancelled by a crash.
   * @throws Unavailable when it cannot be started; then nothing of it is left.
   */
  start(instance: InstanceId, attempt: number, command: KeptCommand): Promise<PidHandle> {
    return this.#starts.once(taskKey(instance, attempt), () =>
      this.#start(instance, attempt, command),
    );
  }

  /** The tasks in the folder, of one instance or of all, ended ones too. An intent nobody claimed is cancelled first. */
  async list(instance?: InstanceId): Promise<readonly KeptFound[]> {
    await this.#starts.allOver(instance);
    if (instance !== undefined && !this.#instances.has(instance)) return [];
    // At once: a start that begins meanwhile is no intent that nobody claimed.
    const isWanted = (record: RecordName) => instance === undefined || record.instance === instance;
    const records = this.#records.refresh().filter(isWanted);
    const byKey = new Map(records.map((record) => [record.key, record]));
    const found: KeptFound[] = [];
    for (const { key, instance: of, attempt } of byKey.values()) {
      found.push({ instance: of, attempt, handle: handleOf(this.#claims.settle(key)) });
    }
    return found;
  }

  /** Takes a task over. A task that this keeper holds already is returned again. */
  async adopt(instance: InstanceId, attempt: number): Promise<KeptTask | KeptGone> {
    const key = taskKey(instance, attempt);
    await this.#starts.over(key);
    return await this.#held.adopt(instance, key);
  }

  /** A task that was adopted and runs. @throws Unavailable when it does not */
  held(instance: InstanceId, attempt: number): KeptTask {
    return this.#held.running(instance, attempt);
  }

  /**
   * Runs a command beside a task that was adopted and runs, as a part of it.
   * @throws Unavailable when the task has ended, or the command cannot be started
   */
  async exec(
    instance: InstanceId,
    attempt: number,
    { command, env, cwd }: Pick<KeptCommand, "command" | "env" | "cwd">,
    request: BesideRequest,
  ): Promise<Exit> {
    const { tree } = this.held(instance, attempt);
    const marks = this.marks(instance, attempt);
    const all = { ...this.#options.env, ...env, ...marks };
    const beside = { command, env: all, cwd: cwd ?? this.#folder.work(instance) };
    return await runBeside(await this.#features.bash(), tree, beside, request);
  }

  /** What a task that was adopted and runs uses of the machine. @throws Unavailable when it does not run */
  async stats(instance: InstanceId, attempt: number): Promise<TreeUsage> {
    if (!hasProc) throw new Unavailable("this system does not tell what processes use");
    const usage = await this.held(instance, attempt).tree.usage();
    if (usage.processes > 0) return usage;
    throw notRunning(instance);
  }

  /** What is in the environment of all that a task starts: it must be, also where a task has another than it is given. */
  marks(instance: InstanceId, attempt: number): Readonly<Record<string, string>> {
    const { provider } = this.#options;
    return {
      MOB_INSTANCE: instance,
      [markVariable]: this.#trees.markOf(taskKey(instance, attempt)),
      [folderVariable]: this.#folder.path,
      ...(provider !== undefined && { [providerVariable]: provider }),
    };
  }

  /** The output of an instance over all its attempts; archived while somebody has it open. */
  output(instance: InstanceId, limits: LogLimits): Promise<Output> {
    return this.#archiver.open(this.#folder.instance(instance), limits);
  }

  /**
   * Forgets an ended attempt; its output stays.
   * @throws Conflict while it runs.
   */
  async forget(instance: InstanceId, attempt: number): Promise<void> {
    const key = taskKey(instance, attempt);
    if (this.#held.has(key) || this.#starts.has(key)) {
      throw new Conflict(`Attempt ${attempt} of instance ${instance} still runs`);
    }
    await this.#removeRecords(instance, attempt);
  }

  /** Kills what runs of an instance and removes all of it, output included. Idempotent. */
  async remove(instance: InstanceId): Promise<void> {
    await this.#starts.allOver(instance);
    const records = await this.#records.recordsOf(instance);
    for (const key of new Set(records.map((record) => record.key))) await this.#held.kill(key);
    await this.#archiver.discard(this.#folder.instance(instance));
    removeLinks(this.#folder.instance(instance));
    await rm(this.#folder.instance(instance), { recursive: true, force: true });
    // Last, so that a crash leaves something to be found by; again, for what a shim added dying.
    this.#records.remove(await this.#records.recordsOf(instance));
    this.#instances.delete(instance);
  }

  /** Lets go of every task and output, and of what the keeper itself holds. */
  async close(): Promise<void> {
    this.#sweep.close();
    this.#encloser.close();
    this.#held.release();
    this.#records.close();
    this.#shims.close();
    await this.#archiver.close();
  }

  async #start(instance: InstanceId, attempt: number, command: KeptCommand): Promise<PidHandle> {
    const key = taskKey(instance, attempt);
    const env = { ...command.env, ...this.marks(instance, attempt) };
    if (command.limits !== undefined && this.whyNoLimits !== undefined) {
      throw new Unavailable(`what it uses cannot be limited here: ${this.whyNoLimits}`);
    }
    this.#instances.add(instance);
    try {
      if (!this.#folder.writeIntent(instance, key, command.script)) {
        return handleOf(this.#claims.settle(key));
      }
      const shim = await this.#shims.take();
      const run = await this.#handover
        .to(shim, instance, key, { ...command, env })
        .finally(shim.done);
      this.#shims.prepare();
      if (run.payloadPid !== undefined)
        this.#encloser.add(this.#trees.get(key, run), run.payloadPid);
      return handleOf(run);
    } catch (error) {
      await this.#held.kill(key);
      removeLinks(this.#folder.instance(instance));
      await this.#removeRecords(instance, attempt);
      throw new Unavailable(`The task could not be started: ${messageOf(error)}`, { cause: error });
    }
  }

  async #removeRecords(instance: InstanceId, attempt: number): Promise<void> {
    const records = await this.#records.recordsOf(instance);
    this.#records.remove(records.filter((record) => record.attempt === attempt));
  }

  #noteExit(key: TaskKey): void {
    const task = this.#held.noteExit(key);
    if (task !== undefined) void this.#archiver.look(this.#folder.instance(task.instance));
  }

  #lookForLost(): void {
    this.#claims.checkAll();
    if (!this.#records.watching) this.#records.refresh();
    this.#held.endLost(this.#sweep);
  }
}

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
import { type Exit, lostExit } from "./exit.ts";
import { canPunchHoles } from "./free-head.ts";
import { Handover } from "./handover.ts";
import { KeeperFolder } from "./keeper-folder.ts";
import {
  type KeptCommand,
  type KeptFound,
  type KeptGone,
  KeptTask,
  type PidHandle,
} from "./kept-task.ts";
import { folderVariable, providerVariable } from "./marked-trees.ts";
import type { LogLimits, Output } from "./output.ts";
import { hasProc, isAlive } from "./process-identity.ts";
import { markVariable } from "./process-scan.ts";
import { findProgram } from "./program.ts";
import { RecordFolder } from "./record-folder.ts";
import { type TaskKey, taskKey } from "./record-names.ts";
import { type BesideRequest, runBeside } from "./run-beside.ts";
import type { ClaimedRun, RunRecord } from "./run-record.ts";
import { ShimSweep } from "./shim-sweep.ts";
import { Shims } from "./shims.ts";
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
  readonly #starting = new Map<TaskKey, Promise<PidHandle>>();
  readonly #tasks = new Map<TaskKey, KeptTask>();
  /** Those with records, so that the folder need not be listed for an instance that is new. */
  readonly #instances: Set<InstanceId>;
  readonly #sweep: ShimSweep;
  /** Its path, once it was found. */
  #bash: string | undefined;
  /** Whether holes can be punched, once that was found. */
  #punches = false;

  /** @throws Unavailable when the folder cannot be made or written. */
  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#folder = new KeeperFolder(options.folder);
    this.#encloser = new Encloser(options.log);
    this.#archiver = new Archiver(this.#folder.path, options.log);
    const records = new RecordFolder(this.#folder.records, options.log);
    this.#records = records;
    const withCgroups = options.cgroups ?? true;
    this.#trees = new TaskTrees(this.#folder.id, withCgroups, (key) => records.readLimits(key));
    this.#claims = new Claims(this.#records);
    const { bootId } = this.#trees;
    this.#shims = new Shims({ shim: this.#folder.shim, bootId, env: options.env });
    this.#handover = new Handover(this.#folder, records, this.#claims, this.#trees);
    this.#records.watch({
      run: (key) => this.#claims.check(key),
      exit: (key) => this.#noteExit(key),
    });
    this.#instances = new Set(this.#records.refresh().map((record) => record.instance));
    this.#sweep = new ShimSweep(
      this.#records.watching,
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
    await this.#findBash();
    this.#punches ||= await canPunchHoles(this.#folder.path);
    return [
      ...(this.#trees.cgroups ? ["cgroup-v2"] : []),
      ...(this.#punches ? ["hole-punch"] : []),
      ...(this.#records.watching ? ["watch"] : []),
    ];
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
    const key = taskKey(instance, attempt);
    const known = this.#starting.get(key);
    if (known !== undefined) return known;
    const starting = this.#start(instance, attempt, command).finally(() =>
      this.#starting.delete(key),
    );
    this.#starting.set(key, starting);
    return starting;
  }

  /** The tasks in the folder, of one instance or of all, ended ones too. An intent nobody claimed is cancelled first. */
  async list(instance?: InstanceId): Promise<readonly KeptFound[]> {
    const prefix = instance === undefined ? "" : `${instance}.`;
    const isWanted = (key: TaskKey) => key.startsWith(prefix);
    const starting = [...this.#starting].filter(([key]) => isWanted(key));
    await Promise.allSettled(starting.map(([, start]) => start));
    if (instance !== undefined && !this.#instances.has(instance)) return [];
    // At once: a start that begins meanwhile is no intent that nobody claimed.
    const records = this.#records.refresh().filter(({ key }) => isWanted(key));
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
    await this.#starting.get(key)?.catch(() => {}); // Its caller was told.
    const held = this.#tasks.get(key);
    if (held !== undefined) {
      held.pausing?.see(held.tree.isPaused === true);
      return held;
    }
    const run = this.#claims.settle(key);
    if (run.kind === "cancelled") {
      return { gone: true, exit: lostExit("cancelled"), atMs: this.#records.startedAt(key) };
    }
    const tree = this.#trees.get(key, run);
    if (this.#records.exitOf(key) === undefined && !this.#trees.shimAlive(run)) {
      await tree.kill();
      this.#records.recordLost(key, this.#trees.lostStatus(run));
    }
    const recorded = this.#records.exitOf(key);
    if (recorded === undefined) return this.#hold(instance, key, run);
    const end = tree.whyEnded(recorded);
    await tree.kill();
    this.#trees.drop(key);
    return { gone: true, ...end };
  }

  /** A task that was adopted and runs. @throws Unavailable when it does not */
  held(instance: InstanceId, attempt: number): KeptTask {
    const task = this.#tasks.get(taskKey(instance, attempt));
    if (task !== undefined) return task;
    throw notRunning(instance);
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
    return await runBeside(await this.#findBash(), tree, beside, request);
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
    if (this.#tasks.has(key) || this.#starting.has(key)) {
      throw new Conflict(`Attempt ${attempt} of instance ${instance} still runs`);
    }
    await this.#removeRecords(instance, attempt);
  }

  /** Kills what runs of an instance and removes all of it, output included. Idempotent. */
  async remove(instance: InstanceId): Promise<void> {
    const own = [...this.#starting].filter(([key]) => key.startsWith(`${instance}.`));
    await Promise.allSettled(own.map(([, starting]) => starting));
    const records = await this.#records.recordsOf(instance);
    for (const key of new Set(records.map((record) => record.key))) await this.#kill(key);
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
    for (const task of this.#tasks.values()) task.release();
    this.#records.close();
    this.#shims.close();
    await this.#archiver.close();
  }

  async #findBash(): Promise<string> {
    this.#bash ??= await findProgram("bash", this.#options.env["PATH"]);
    return this.#bash;
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
      await this.#kill(key);
      removeLinks(this.#folder.instance(instance));
      await this.#removeRecords(instance, attempt);
      throw new Unavailable(`The task could not be started: ${messageOf(error)}`, { cause: error });
    }
  }

  async #removeRecords(instance: InstanceId, attempt: number): Promise<void> {
    const records = await this.#records.recordsOf(instance);
    this.#records.remove(records.filter((record) => record.attempt === attempt));
  }

  #hold(instance: InstanceId, key: TaskKey, run: ClaimedRun): KeptTask {
    const tree = this.#trees.get(key, run);
    const task = new KeptTask({
      instance,
      key,
      run,
      handle: handleOf(run),
      startedAt: this.#records.startedAt(key),
      tree,
      records: this.#records,
      onLetGo: () => {
        this.#tasks.delete(key);
        this.#trees.drop(key);
        this.#encloser.drop(tree);
      },
    });
    this.#tasks.set(key, task);
    if (run.payloadPid !== undefined) this.#encloser.add(tree, run.payloadPid);
    return task;
  }

  /** Kills all of a task, its shim too: nothing will ask for its exit. */
  async #kill(key: TaskKey): Promise<void> {
    const run = this.#claims.settle(key);
    // The one that is being brought into its cgroup, too: once it is killed that is not made again.
    const tree = this.#trees.get(key, run);
    this.#tasks.get(key)?.release();
    if (run.kind === "claimed") this.#trees.freezeShim(run);
    await tree.kill();
    if (run.kind === "claimed") await this.#trees.killShim(run);
    this.#trees.drop(key);
  }

  #noteExit(key: TaskKey): void {
    const end = this.#records.exitOf(key);
    const task = this.#tasks.get(key);
    if (end === undefined || task === undefined) return;
    task.noteExit(end).catch(this.#logFailure);
    void this.#archiver.look(this.#folder.instance(task.instance));
  }

  /** A shim has ended: if it recorded an exit, that is seen now at the latest. */
  #noteShimEnd(key: TaskKey): void {
    const task = this.#tasks.get(key);
    if (task === undefined || this.#records.exitOf(key) !== undefined) return;
    this.#records.refresh();
    if (this.#records.exitOf(key) === undefined) task.noteLost("lost").catch(this.#logFailure);
  }

  #lookForLost(): void {
    this.#claims.checkAll();
    if (!this.#records.watching) this.#records.refresh();
    for (const [key, task] of this.#tasks) {
      if (this.#sweep.isLost(task.run.shim)) this.#noteShimEnd(key);
    }
  }

  readonly #logFailure = (error: unknown): void => {
    this.#options.log.error("What is left of a task could not be killed", { error });
  };
}

function notRunning(instance: InstanceId): Unavailable {
  return new Unavailable(`the task of instance ${instance} does not run`);
}

function handleOf(run: RunRecord): PidHandle {
  const pid = run.kind === "claimed" ? run.payloadPid : undefined;
  return pid === undefined ? {} : { pid };
}

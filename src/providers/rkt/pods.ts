/**
 * The pods of one node, by rkt's command line. All that rkt writes is below the provider's folder, so every pod there
 * is this node's. A pod is found again by the name of its app, which says whose task it is.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { Unavailable } from "../../core/errors.ts";
import { type TaskKey, taskKey } from "../../keeper/record-names.ts";
import { inParameter } from "../named-parameter.ts";
import type { TaskContext } from "../provider.ts";
import {
  fetchArgs,
  globalArgs,
  type Pod,
  type PodTask,
  parseHash,
  parsePods,
  parseUuid,
  parseVersion,
  podName,
  prepareArgs,
  splitEnv,
} from "./command-lines.ts";
import type { RktParams } from "./params.ts";
import { findTools, type RktTools } from "./tools.ts";

type Environment = Readonly<Record<string, string>>;

/** Longest that a command may take. */
const answerMsMax = 60_000;
/** Longest that an image may take: to be had, and to be unpacked. */
const imageMsMax = 1_800_000;
/** States in which a pod is no one's business any more, once its task is not. */
const endStates = ["prepared", "aborted prepare", "exited", "exited garbage", "garbage"];

export class Pods {
  readonly #data: string;
  readonly #config: string;
  readonly #envFolder: string;
  readonly #env: Environment;

  /** @param folder the provider's; @param env of the node */
  constructor(folder: string, env: Environment) {
    this.#data = join(folder, "rkt");
    this.#config = join(folder, "rkt-config");
    this.#envFolder = join(folder, "rkt-env");
    this.#env = env;
    rmSync(this.#envFolder, { recursive: true, force: true }); // Of a node that was killed.
  }

  /** @throws Unavailable when rkt is not there, or cannot run here */
  async version(): Promise<string> {
    const tools = await findTools(this.#env);
    const { stdout } = await this.#say(tools, ["version"]);
    const version = parseVersion(stdout);
    if (version === undefined) throw new Unavailable("rkt version tells no version");
    return version;
  }

  /** All there are. @throws Unavailable */
  async list(): Promise<readonly Pod[]> {
    if (!existsSync(this.#data)) return [];
    const tools = await findTools(this.#env);
    return parsePods((await this.#say(tools, ["list", "--format=json"])).stdout);
  }

  /**
   * Makes a pod that is ready to run. @returns its UUID
   * @throws Unavailable in rkt's words, and naming the parameter where that is the image
   */
  async prepare(
    task: PodTask,
    params: RktParams,
    { env, volumes = [], progress }: Pick<TaskContext, "env" | "volumes" | "progress">,
  ): Promise<string> {
    const tools = await findTools(this.#env);
    const { image } = params;
    if (!image.startsWith("/")) progress?.(`fetching ${image}`);
    const fetched = this.#say(tools, fetchArgs(params), { image, timeoutMs: imageMsMax });
    const hash = parseHash((await inParameter("image", fetched)).stdout);
    const name = podName(task);
    const envFile = join(this.#envFolder, name);
    const { file, rest } = splitEnv(env);
    mkdirSync(this.#envFolder, { recursive: true, mode: 0o700 });
    try {
      await writeFile(envFile, file, { mode: 0o600 });
      const preparation = { name, image: hash, stage1: tools.stage1, envFile, env: rest, volumes };
      const args = prepareArgs(preparation, params);
      return parseUuid((await this.#say(tools, args, { timeoutMs: imageMsMax })).stdout);
    } finally {
      await rm(envFile, { force: true });
    }
  }

  /**
   * What becomes the app of a prepared pod: the process keeps its pid. Its mounts are in a namespace of their own,
   * since fly has the machine's /dev, /proc and /sys below the pod, where nobody who removes folders may find them.
   */
  async runCommand(
    uuid: string,
    { network }: Pick<RktParams, "network">,
  ): Promise<readonly string[]> {
    const { rkt, unshare } = await findTools(this.#env);
    const apart = [
      unshare,
      "--mount",
      "--propagation=slave",
      ...(network === "none" ? ["--net"] : []),
    ];
    return [...apart, rkt, ...this.#global(), "run-prepared", "--net=host", uuid];
  }

  /** Removes those that do not run. One that is gone is no error. @throws Unavailable naming one that cannot be */
  async remove(pods: readonly Pod[]): Promise<void> {
    for (const { uuid } of pods) {
      const tools = await findTools(this.#env);
      try {
        await this.#say(tools, ["rm", uuid]);
      } catch (error) {
        const isThere = (await this.list()).some((one) => one.uuid === uuid);
        if (isThere) throw new Unavailable(`the pod ${uuid} cannot be removed`, { cause: error });
      }
    }
  }

  /** The same of those that are meant, of all there are. */
  async removeWhere(isMeant: (pod: Pod) => boolean): Promise<void> {
    await this.remove((await this.list()).filter(isMeant));
  }

  #global(image?: string): readonly string[] {
    return globalArgs({ data: this.#data, config: this.#config }, image);
  }

  /** @throws Unavailable in rkt's words when it fails */
  async #say(
    { rkt }: Pick<RktTools, "rkt">,
    args: readonly string[],
    {
      image,
      timeoutMs = answerMsMax,
    }: { readonly image?: string; readonly timeoutMs?: number } = {},
  ): Promise<{ readonly stdout: string }> {
    mkdirSync(this.#config, { recursive: true, mode: 0o700 });
    const ran = await execa(rkt, [...this.#global(image), ...args], {
      env: this.#env,
      extendEnv: false,
      stdin: "ignore",
      timeout: timeoutMs,
      reject: false,
    });
    if (!ran.failed) return ran;
    const words = ran.stderr.trim().split("\n").slice(-3).join("; ");
    throw new Unavailable(words || ran.shortMessage || "it failed", { cause: ran.cause });
  }
}

export function isOf({ task }: Pod, { instance, attempt }: PodTask): boolean {
  return task?.instance === instance && task.attempt === attempt;
}

/** Whether nobody will run it any more: it does not, and `isKnown` knows nothing of its task. */
export function isLeft({ task, state }: Pod, isKnown: (key: TaskKey) => boolean): boolean {
  if (!endStates.includes(state)) return false;
  return task === undefined || !isKnown(taskKey(task.instance, task.attempt));
}

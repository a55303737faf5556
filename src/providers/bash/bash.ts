/**
 * Runs a bash script as a task. All that is particular to bash is here and in its parameters; that
 * its tasks outlive the node, and how they end, is the keeper's.
 */
import { execa } from "execa";
import { Unavailable } from "../../core/errors.ts";
import { Keeper } from "../../keeper/keeper.ts";
import { findProgram } from "../../keeper/program.ts";
import { IsolationCheck } from "../isolation/isolation-check.ts";
import { insideOf, isolatedBy } from "../isolation/sandbox.ts";
import { keptLeftovers } from "../kept-leftovers.ts";
import { linksTo, measuredTasks, processFeatures } from "../kept-tasks.ts";
import type { Capabilities, Provider, ProviderOptions } from "../provider.ts";
import { type BashParams, bashParams } from "./params.ts";

export interface BashOptions extends ProviderOptions {
  /** Default true. False does without cgroups even where they can be had. */
  readonly cgroups?: boolean;
}

const type = "bash";

interface BashProgram {
  /** Absolute. */
  readonly path: string;
  readonly version: string;
}

/** @throws Unavailable when the folder cannot be made or written. */
export function createBash(options: BashOptions): Provider<BashParams> {
  const { folder, log, env, cgroups = true } = options;
  const keeper = new Keeper({ folder, log, env, cgroups, provider: type });
  const isolationCheck = new IsolationCheck(env, keeper.folder);
  let program: Promise<BashProgram> | undefined;
  const findBash = () => {
    program ??= lookForBash(env).catch((error: unknown) => {
      program = undefined; // It may be there next time.
      throw error;
    });
    return program;
  };
  return {
    ...measuredTasks(keeper),
    type,
    leftovers: keptLeftovers(keeper, type),
    parseParams: bashParams.parse,
    async probe(): Promise<Capabilities> {
      const { version } = await findBash();
      keeper.prepare();
      return { available: true, version, ...(await processFeatures(keeper, isolationCheck)) };
    },
    async start(instance, params, context) {
      const { path } = await findBash();
      const { env: own, limits, volumes = [] } = context;
      const { isolation } = params;
      const work = keeper.workFolder(instance);
      const folders = { keeper: keeper.folder, work, cwd: work, volumes };
      const prefix = isolation === undefined ? [] : await isolatedBy(isolation, folders, env);
      const task = {
        command: [...prefix, path],
        script: params.command,
        env: own,
        limits,
        ...linksTo(context),
      };
      return await keeper.start(instance, context.attempt, task);
    },
    async exec({ instance, attempt, handle }, { command, params, env: own, ...request }) {
      const [program = "", ...args] = command;
      const found = await findProgram(program, own["PATH"] ?? env["PATH"]);
      const prefix =
        params.isolation === undefined
          ? []
          : await insideOf(Number(handle["pid"]), keeper.workFolder(instance), env);
      const beside = { command: [...prefix, found, ...args], env: own };
      return await keeper.exec(instance, attempt, beside, request);
    },
  };
}

/** @throws Unavailable when there is no bash on the path. */
async function lookForBash(env: Readonly<Record<string, string>>): Promise<BashProgram> {
  const script = 'printf "%s\\n%s" "$BASH" "$BASH_VERSION"';
  const asked = await execa("bash", ["--norc", "--noprofile", "-c", script], {
    env,
    extendEnv: false,
    stdin: "ignore",
    reject: false,
  });
  const [path, version] = asked.failed ? [] : asked.stdout.split("\n");
  if (path === undefined || version === undefined) {
    throw new Unavailable("bash is not on the PATH of this node", { cause: asked.cause });
  }
  return { path, version };
}

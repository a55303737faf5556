/**
 * Runs a program as a task, with no shell between Mob and its arguments. What is needed to run it is
 * looked at before, so that what is missing is told by name; the keeper does the rest, as for bash.
 */
import { release } from "node:os";
import { Unavailable } from "../../core/errors.ts";
import { Keeper } from "../../keeper/keeper.ts";
import type { KeptCommand } from "../../keeper/kept-task.ts";
import { checkFolder, findProgram } from "../../keeper/program.ts";
import { IsolationCheck } from "../isolation/isolation-check.ts";
import { insideOf, isolatedBy } from "../isolation/sandbox.ts";
import { keptLeftovers } from "../kept-leftovers.ts";
import { linksTo, measuredTasks, processFeatures } from "../kept-tasks.ts";
import { inParameter } from "../named-parameter.ts";
import type { Provider, ProviderOptions, TaskContext } from "../provider.ts";
import { type ExecParams, execParams } from "./params.ts";
import { runAs, whyNoUsers } from "./run-as.ts";

const type = "exec";

/** @throws Unavailable when the folder cannot be made or written. */
export function createExec({ folder, log, env }: ProviderOptions): Provider<ExecParams> {
  const keeper = new Keeper({ folder, log, env, provider: type });
  const isolationCheck = new IsolationCheck(env, keeper.folder);
  return {
    ...measuredTasks(keeper),
    type,
    leftovers: keptLeftovers(keeper, type),
    parseParams: execParams.parse,
    /** Its engine is the kernel, whose version it is. `user`: tasks can run as another user. */
    async probe() {
      const kept = await processFeatures(keeper, isolationCheck);
      keeper.prepare();
      const user = (await whyNoUsers(env)) === undefined ? ["user"] : [];
      const features = [...kept.features, ...user];
      return { available: true, version: release(), ...kept, features };
    },
    async start(instance, params, context) {
      const { attempt } = context;
      // What a task that runs was started from may be gone by now.
      const known = (await keeper.list(instance)).find((found) => found.attempt === attempt);
      if (known !== undefined) return known.handle;
      const task = await commandOf(params, context, env);
      const { isolation } = params;
      if (isolation === undefined) return await keeper.start(instance, attempt, task);
      const work = keeper.workFolder(instance);
      const { volumes = [] } = context;
      const folders = { keeper: keeper.folder, work, cwd: task.cwd ?? work, volumes };
      const prefix = await isolatedBy(isolation, folders, env);
      return await keeper.start(instance, attempt, {
        ...task,
        command: [...prefix, ...task.command],
      });
    },
    async exec({ instance, attempt, handle }, { command, params, env: own, ...request }) {
      const [program = "", ...args] = command;
      const beside = await commandOf({ ...params, program, args }, { env: own }, env);
      const cwd = beside.cwd ?? keeper.workFolder(instance);
      const prefix =
        params.isolation === undefined ? [] : await insideOf(Number(handle["pid"]), cwd, env);
      const inside = { ...beside, command: [...prefix, ...beside.command] };
      return await keeper.exec(instance, attempt, inside, request);
    },
  };
}

/** @throws Unavailable naming the parameter that cannot be had on this node, and why */
async function commandOf(
  { program, args, cwd, user }: ExecParams,
  context: Pick<TaskContext, "env" | "limits" | "volumes">,
  env: ProviderOptions["env"],
): Promise<KeptCommand> {
  const as = user && (await inParameter("user", runAs(user, env)));
  const [volume] = context.volumes ?? [];
  if (volume !== undefined && as !== undefined && as.owner.uid !== process.getuid?.()) {
    throw new Unavailable(
      `user: volume ${volume.name} is in the node's data folder, which is closed to other users`,
    );
  }
  const path = context.env["PATH"] ?? env["PATH"];
  const found = await inParameter("program", findProgram(program, path));
  if (cwd !== undefined) await inParameter("cwd", checkFolder(cwd));
  return {
    command: [...(as?.prefix ?? []), found, ...args],
    env: { ...as?.env, ...context.env },
    limits: context.limits,
    ...linksTo(context),
    ...(cwd !== undefined && { cwd }),
    ...(as !== undefined && { owner: as.owner }),
  };
}

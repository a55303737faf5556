/**
 * What every test of the suite stands on: a provider in a folder of its own, a mark on all that its
 * tasks start, and an end at which nothing with that mark may be left.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { asInstanceId, type InstanceId } from "../../src/core/ids.ts";
import { ownProgram } from "../../src/providers/own-program.ts";
import type { Gone, Handle, Limits, Output, Provider, Task } from "../../src/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import {
  commandOf,
  markedProcesses,
  processesIn,
  processesNaming,
} from "../support/marked-processes.ts";
import { tempFolder } from "../support/temp-folder.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const removalMsMax = 180_000;

export const logs = { fileBytesMax: 10_000_000, filesMax: 5 };

export interface Bench {
  readonly folder: string;
  readonly provider: Provider;
  /** In the environment of all that this bench's tasks start. */
  readonly mark: string;
  /** Starts a task that runs `script`, and takes it over. */
  run(script: string, instance?: InstanceId, attempt?: number, limits?: Limits): Promise<Ran>;
  /** A second provider on the same folder, as a node has that comes back. */
  comeBack(): Promise<Provider>;
  /** A process that owns tasks in this folder, or in one below it, and can be killed. */
  startOwner(count: number, script: string, below?: string): Promise<Owner>;
}

export interface Ran {
  readonly instance: InstanceId;
  readonly handle: Handle;
  readonly task: Task | Gone;
}

export interface Owner {
  readonly process: ChildProcess;
  /** Lines printed so far: one a task that runs. */
  readonly lines: string[];
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

export async function startBench(t: TestContext, tested: ProviderUnderTest): Promise<Bench> {
  const alive = setInterval(() => {}, 1_000); // A watched task alone keeps no process running.
  const mark = randomBytes(8).toString("hex");
  const providers: Provider[] = [];
  // Registered before the folder is made, since what is registered first is done first.
  t.after(async () => {
    await removeAll(providers).finally(() => clearInterval(alive));
    await eventually(() => processesOf({ mark, folder }).length === 0, "nothing left");
  });
  const folder = await tempFolder(t);
  const provider = await tested.create(folder);
  providers.push(provider);
  const bench: Bench = {
    folder,
    provider,
    mark,
    async run(
      script,
      instance = asInstanceId(randomBytes(8).toString("hex")),
      attempt = 1,
      limits,
    ) {
      const params = provider.parseParams(tested.params(script, folder));
      const bounds = limits === undefined ? { logs } : { logs, limits };
      const context = { service: "tested", attempt, env: { TEST_MARK: mark }, ...bounds };
      const handle = await provider.start(instance, params, context);
      return { instance, handle, task: await provider.adopt({ instance, attempt, handle }) };
    },
    async comeBack() {
      const provider = await tested.create(folder);
      providers.push(provider);
      return provider;
    },
    startOwner: (count, script, below = "") =>
      startOwner(t, tested, join(folder, below), mark, count, script),
  };
  return bench;
}

/**
 * All that is there for the tasks of a bench, also what has none of the tasks' environment: shims, and what
 * keeps a machine, which runs in a folder of the bench's.
 */
export function processesOf({ mark, folder }: Pick<Bench, "mark" | "folder">): readonly number[] {
  const tasks = markedProcesses(`TEST_MARK=${mark}`);
  // A provider may keep its tasks in a folder below.
  const shims = processesNaming(`${folder}/`).filter((pid) => /\/shim\.sh\b/.test(commandOf(pid)));
  return [...new Set([...tasks, ...shims, ...processesIn(`${folder}/`)])];
}

/** @throws Error when it takes as long as it does only where the engine has gone, which a provider waits for */
async function removeAll(providers: readonly Provider[]): Promise<void> {
  let isDone = false;
  const removing = removeOneByOne(providers).then(() => {
    isDone = true;
  });
  await Promise.race([
    removing,
    eventually(() => isDone, "the removal of all tasks", removalMsMax),
  ]);
}

/** A folder is of one provider at a time: those before the last would write there still while that removes. */
async function removeOneByOne(providers: readonly Provider[]): Promise<void> {
  const last = providers.at(-1);
  for (const provider of providers.slice(0, -1)) await provider.close();
  for (const { instance } of (await last?.list()) ?? []) await last?.remove(instance);
  await last?.close();
}

async function startOwner(
  t: TestContext,
  { module }: ProviderUnderTest,
  folder: string,
  mark: string,
  count: number,
  script: string,
): Promise<Owner> {
  const source = "../../test/conformance/owner-process.ts";
  const { flags, file } = ownProgram("provider-suite-owner", source);
  const args = [...flags, file, module, folder, String(count), script, mark];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = () => {
    child.kill("SIGKILL");
    return ended;
  };
  t.after(kill);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const ready = new Promise<void>((resolve) => reader.once("line", () => resolve()));
  reader.on("line", (line) => line !== "ready" && lines.push(line));
  await ready;
  return { process: child, lines, kill };
}

/** All that the attempts of an instance so far have printed, once it has `until`. */
export async function printed(
  { provider }: Pick<Bench, "provider">,
  instance: InstanceId,
  until: string,
): Promise<string> {
  const output = await provider.output(instance, logs);
  try {
    return await outputWith(output, until);
  } finally {
    await output.close();
  }
}

/** The task, which must not have ended while no one looked. */
export function running(task: Task | Gone): Task {
  assert.ok(!("gone" in task), `gone: ${JSON.stringify(task)}`);
  return task;
}

/** How it ended, whether seen or only found. */
export async function exitOf(task: Task | Gone): Promise<unknown> {
  return "gone" in task ? task.exit : (await task.exited).exit;
}

/** All of the output, once it holds `until`. */
export async function outputWith(output: Output, until: string): Promise<string> {
  let cursor = 0;
  let text = "";
  return await eventually(
    async () => {
      for (;;) {
        const { bytes, next } = await output.read(cursor, 1 << 20);
        if (bytes.length === 0) break;
        text += Buffer.from(bytes).toString();
        cursor = next;
      }
      return text.includes(until) && text;
    },
    `output with ${JSON.stringify(until)}`,
  );
}

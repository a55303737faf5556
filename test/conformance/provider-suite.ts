/**
 * What must be true of every provider, tested against its real engine. A provider passes all of it
 * or is not one. The package exports it as `mob/provider-suite`, for providers of third parties.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { asInstanceId } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import type { Provider, ProviderOptions } from "../../src/providers/provider.ts";
import type { ProviderTools } from "../../src/providers/third-party/provider-module.ts";
import { providerTools } from "../../src/providers/third-party/provider-tools.ts";
import { eventually } from "../support/eventually.ts";
import { markedProcesses } from "../support/marked-processes.ts";
import { processAlive } from "../support/process-alive.ts";
import { execCases, terminalCase } from "./exec-cases.ts";
import { impersonateShim } from "./impersonate-shim.ts";
import { leftoverCases } from "./leftover-cases.ts";
import { limitCases } from "./limit-cases.ts";
import { ownHealthCases } from "./own-health-cases.ts";
import { pauseCases } from "./pause-cases.ts";
import {
  type Bench,
  exitOf,
  logs,
  outputWith,
  processesOf,
  running,
  startBench,
} from "./provider-bench.ts";
import { statsCases } from "./stats-cases.ts";
import type { ProviderUnderTest } from "./under-test.ts";
import { volumeCases } from "./volume-cases.ts";

export type { ProviderUnderTest } from "./under-test.ts";

/** What Mob lends to the providers of third parties. */
export const tools: ProviderTools = providerTools;

/** For a provider on Mob's keeper: has the record of a task name another process. */
export const impersonateKept: NonNullable<ProviderUnderTest["impersonate"]> = impersonateShim;

/** What a provider of a third party is given, for tests. */
export function optionsFor(folder: string): ProviderOptions {
  const { PATH = "/usr/bin:/bin", HOME = "/" } = process.env;
  return { folder, node: "tested", env: { PATH, HOME }, log: silentLog };
}

const first = asInstanceId("0".repeat(16));
const second = asInstanceId("1".repeat(16));
const usualCrashes = { rounds: 16, tasks: 8, everyMs: 1.3 };
/** A task that ignores SIGTERM, with a grandchild in a session of its own that does too. */
const stubborn = `trap '' TERM
(setsid sh -c 'trap "" TERM; echo grandchild; while :; do sleep 1; done' &)
while :; do sleep 1; done`;

const strangerCase = "adopts no stranger that has a task's pid";

/** Registers the whole suite with `node:test`, as one test with a part for each case. */
export function describeProvider(tested: ProviderUnderTest): void {
  test(tested.name, async (t) => {
    for (const [name, run] of Object.entries(allCases)) {
      const options = { skip: tested.skips?.[name] ?? false };
      await t.test(name, options, async (t) => {
        const bench = await startBench(t, tested);
        const lacking = await whyNot(name, bench.provider, tested);
        await (lacking === undefined ? run(bench, tested) : t.skip(lacking));
      });
    }
  });
}

/** Of what not every provider can do: these take a feature. */
const featured = {
  limits: limitCases,
  volumes: volumeCases,
  "own-health": ownHealthCases,
  pause: pauseCases,
};

async function whyNot(
  name: string,
  provider: Provider,
  { impersonate }: ProviderUnderTest,
): Promise<string | undefined> {
  if (name === strangerCase && impersonate === undefined)
    return "nothing is said of how to impersonate";
  if (name in execCases && provider.exec === undefined) return "it runs no commands beside a task";
  if (name === terminalCase && provider.terminals === undefined) return "it has no terminals";
  if (name in statsCases && provider.stats === undefined) return "it does not tell what tasks use";
  if (name in leftoverCases && provider.leftovers === undefined) return "it finds no leftovers";
  const feature = Object.entries(featured).find(([, withIt]) => name in withIt)?.[0];
  if (feature === undefined) return undefined;
  const found = await provider.probe();
  if (!found.available || found.features.includes(feature)) return undefined;
  return found.lacks?.[feature] ?? `it has no ${feature}`;
}

type Case = (bench: Bench, tested: ProviderUnderTest) => Promise<void>;

const cases: Readonly<Record<string, Case>> = {
  "says that it is available, and its version": async ({ provider }) => {
    const found = await provider.probe();
    assert.ok(found.available);
    assert.match(found.version, /\d/);
  },

  "refuses bad parameters with the path of every error": async ({ provider }, { badParams }) => {
    for (const { input, paths } of badParams) {
      assert.throws(
        () => provider.parseParams(input),
        (error) => {
          assert.ok(error instanceof Error && "code" in error && "details" in error);
          assert.equal(error.code, "invalid_spec");
          assert.ok(Array.isArray(error.details));
          assert.deepEqual(
            error.details.map(({ path }) => path),
            paths,
          );
          return true;
        },
      );
    }
  },

  "runs a task with its environment, and tells its exit code": async ({ provider, run, mark }) => {
    const { instance, task } = await run("echo mark $TEST_MARK; exit 7");
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 7 });
    const output = await provider.output(instance, logs);
    assert.equal(await outputWith(output, "mark"), `mark ${mark}\n`);
    await output.close();
  },

  "tells the signal that killed a task": async ({ run }) => {
    const { handle, task } = await run("while :; do sleep 1; done");
    process.kill(Number(handle["pid"]), "SIGKILL");
    assert.deepEqual(await exitOf(task), { kind: "signaled", signal: "SIGKILL" });
  },

  "lets a task end by itself within the grace of a stop": async ({ provider, run }) => {
    const { instance, task } = await run(
      "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done",
    );
    const output = await provider.output(instance, logs);
    await outputWith(output, "up");
    await running(task).stop({ signal: "SIGTERM", graceMs: 30_000 });
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 3 });
    await outputWith(output, "bye");
    await output.close();
  },

  "gives children their grace although their parent is gone at once": async ({ provider, run }) => {
    const { instance, task } = await run(
      "sh -c 'trap \"sleep 0.3; echo saved; exit\" TERM; echo up; while :; do sleep 0.05; done'; true",
    );
    const output = await provider.output(instance, logs);
    await outputWith(output, "up");
    await running(task).stop({ signal: "SIGTERM", graceMs: 30_000 });
    await outputWith(output, "saved");
    await output.close();
  },

  "stops with the signal asked for": async ({ provider, run }) => {
    const { instance, task } = await run(
      "trap 'exit 5' INT; trap 'exit 6' TERM; echo up; while :; do sleep 0.05; done",
    );
    const output = await provider.output(instance, logs);
    await outputWith(output, "up");
    await running(task).stop({ signal: "SIGINT", graceMs: 30_000 });
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 5 });
    await output.close();
  },

  "kills the whole tree after the grace, a grandchild in its own session too": async (
    { provider, run, mark },
    { exitOfKilled = { kind: "signaled", signal: "SIGKILL" } },
  ) => {
    const { instance, task } = await run(stubborn);
    const output = await provider.output(instance, logs);
    await outputWith(output, "grandchild");
    await running(task).stop({ signal: "SIGTERM", graceMs: 100 });
    assert.deepEqual(markedProcesses(`TEST_MARK=${mark}`), []);
    assert.deepEqual(await exitOf(task), exitOfKilled);
    await output.close();
  },

  "leaves nothing running of a task whose main process ended": async ({ run, mark }) => {
    const { task } = await run("setsid sleep 1000 & sleep 1000 & exit 0");
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 0 });
    // Whatever kept it may take a moment to be gone, and may hold none of it.
    await eventually(() => markedProcesses(`TEST_MARK=${mark}`).length === 0, "nothing left");
  },

  "survives a task that signals its process group": async ({ run }) => {
    const { task } = await run("trap 'exit 9' TERM; kill 0; sleep 1000");
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 9 });
  },

  "keeps every line of output, in order, over several starts": async ({ provider, run }) => {
    const { instance, task } = await run("seq 1 50000");
    await exitOf(task);
    await exitOf((await run("seq 50001 100000", instance, 2)).task);
    const output = await provider.output(instance, logs);
    const lines = (await outputWith(output, "\n100000\n")).trimEnd().split("\n");
    assert.equal(lines.length, 100_000);
    assert.ok(lines.every((line, i) => line === String(i + 1)));
    const tail = await output.read(await output.tail(2), 1_000);
    assert.equal(Buffer.from(tail.bytes).toString(), "99999\n100000\n");
    await output.close();
  },

  "tells a follower that there is more": async ({ provider, run, folder }) => {
    const { instance } = await run(`while [ ! -e ${folder}/go ]; do sleep 0.02; done; echo went`);
    const output = await provider.output(instance, logs);
    const told = new Promise<void>((resolve) => {
      output.watch(() => {
        void output.read(0, 100).then(({ bytes }) => bytes.length > 0 && resolve());
      });
    });
    await writeFile(`${folder}/go`, "");
    await told;
    await output.close();
  },

  "starts a task once, however often it is asked to": async ({ provider, run, folder }) => {
    const script = `echo ran >>${folder}/runs; sleep 1000`;
    const [a, b] = await Promise.all([run(script, first), run(script, first)]);
    assert.deepEqual(a.handle, b.handle);
    assert.deepEqual((await run(script, first)).handle, a.handle);
    assert.equal((await provider.list()).length, 1);
    const runs = () => readFile(`${folder}/runs`, "utf8").catch(() => "");
    assert.equal(await eventually(async () => (await runs()) || undefined, "a run"), "ran\n");
  },

  "lists the tasks of one instance alone, when asked for those": async ({ provider, run }) => {
    await run("sleep 1000", first);
    await run("sleep 1000", second);
    const listed = await provider.list(second);
    assert.deepEqual(
      listed.map(({ instance }) => instance),
      [second],
    );
    assert.deepEqual(await provider.list(asInstanceId("0123456789abcdef")), []);
  },

  "adopts a running task after its owner was killed": async ({ startOwner, provider, folder }) => {
    const owner = await startOwner(
      1,
      `echo up; while [ ! -e ${folder}/go ]; do sleep 0.02; done; exit 11`,
    );
    const line = await eventually(() => owner.lines[0], "a task that runs");
    await owner.kill();
    const pid = Number(line.split(" ")[0]);
    assert.ok(processAlive(pid));
    const [found] = await provider.list();
    assert.ok(found !== undefined);
    assert.deepEqual([found.instance, found.attempt, found.handle["pid"]], [first, 1, pid]);
    const task = running(await provider.adopt(found));
    await writeFile(`${folder}/go`, "");
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 11 });
  },

  "knows the exit of a task that ended while its owner was dead": async ({
    startOwner,
    comeBack,
    folder,
  }) => {
    const owner = await startOwner(
      1,
      `while [ ! -e ${folder}/go ]; do sleep 0.02; done; echo last; exit 43`,
    );
    const line = await eventually(() => owner.lines[0], "a task that runs");
    await owner.kill();
    await writeFile(`${folder}/go`, "");
    await eventually(() => !processAlive(Number(line.split(" ")[0])), "the task's end");
    const provider = await comeBack();
    const gone = await eventually(async () => {
      const [found] = await provider.list();
      const task = found && (await provider.adopt(found));
      return task !== undefined && "gone" in task && task;
    }, "the exit");
    assert.deepEqual(gone.exit, { kind: "exited", code: 43 });
    assert.ok(Math.abs(gone.atMs - Date.now()) < 60_000);
    const output = await provider.output(first, logs);
    assert.equal(await outputWith(output, "last"), "last\n");
    await output.close();
  },

  [strangerCase]: async ({ startOwner, comeBack, folder, mark }, tested) => {
    const { impersonate } = tested;
    assert.ok(impersonate !== undefined);
    const owner = await startOwner(1, "sleep 1000");
    await eventually(() => owner.lines[0], "a task that runs");
    await owner.kill();
    impersonate(folder, first, 1, process.pid);
    const provider = await comeBack();
    const [found] = await provider.list();
    assert.ok(found !== undefined);
    const task = await provider.adopt(found);
    assert.ok("gone" in task);
    assert.equal(task.exit.kind, "unknown");
    // What ran under the name is the node's own, and is killed; the stranger, this process, lives.
    assert.deepEqual(markedProcesses(`TEST_MARK=${mark}`), []);
  },

  "leaks nothing when its owner is killed at any moment of a start": async (bench, tested) => {
    const { rounds, tasks, everyMs } = tested.crashes ?? usualCrashes;
    for (let round = 0; round < rounds; round++) {
      const owner = await bench.startOwner(tasks, "exec sleep 1000");
      await setTimeout(round * everyMs); // Not a wait for something: the moment of the crash.
      await owner.kill();
      const provider = await bench.comeBack();
      await assertOnlyListedRun(provider, bench, tested.processesPerTask);
      for (const { instance } of await provider.list()) await provider.remove(instance);
      // A shim that was not yet there when its owner died comes late, and finds nothing to run.
      await eventually(() => processesOf(bench).length === 0, "no leak");
      assert.deepEqual(await provider.list(), []);
    }
  },

  "touches no task of another owner on the machine": async (bench, tested) => {
    const mine = await bench.run("sleep 1000", first);
    const other = await tested.create(`${bench.folder}/other`);
    assert.deepEqual(await other.list(), []);
    await other.remove(first);
    await other.close();
    assert.ok(processAlive(Number(mine.handle["pid"])));
  },

  "forgets an attempt that has ended, and keeps its output": async ({ provider, run }) => {
    const { instance, task } = await run("echo kept");
    await exitOf(task);
    await provider.forget(instance, 1);
    assert.deepEqual(await provider.list(), []);
    const output = await provider.output(instance, logs);
    assert.equal(await outputWith(output, "kept"), "kept\n");
    await output.close();
  },

  "leaves nothing of what it removes": async ({ provider, run, folder, mark }) => {
    const before = readdirSync(folder, { recursive: true }).sort();
    const { instance } = await run(stubborn);
    await exitOf((await run("echo two", instance, 2)).task);
    await provider.remove(instance);
    await provider.remove(instance);
    assert.deepEqual(markedProcesses(`TEST_MARK=${mark}`), []);
    assert.deepEqual(await provider.list(), []);
    assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), before);
  },
};

const allCases = {
  ...cases,
  ...execCases,
  ...limitCases,
  ...volumeCases,
  ...ownHealthCases,
  ...pauseCases,
  ...leftoverCases,
  ...statsCases,
};

/** Every process that runs belongs to a task that is listed and running. */
async function assertOnlyListedRun(
  provider: Provider,
  bench: Bench,
  processesPerTask: number,
): Promise<void> {
  const running = new Set<object>();
  for (const found of await provider.list()) {
    const task = await provider.adopt(found);
    if ("gone" in task) continue;
    running.add(task);
    // A shim that was claimed and never handed its task lives until it has noticed.
    void task.exited.then(() => running.delete(task));
  }
  const isSo = () => processesOf(bench).length === running.size * processesPerTask;
  await eventually(isSo, "no leak");
}

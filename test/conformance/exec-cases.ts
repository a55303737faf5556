/** What must be true of a provider that runs commands beside its tasks. */
import assert from "node:assert/strict";
import type { ExecResult, Provider } from "../../src/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { markedProcesses, processesNaming } from "../support/marked-processes.ts";
import { type Bench, exitOf, type Ran, running } from "./provider-bench.ts";
import type { ProviderUnderTest } from "./under-test.ts";

type Case = (bench: Bench, tested: ProviderUnderTest) => Promise<void>;

const forever = "while :; do sleep 1; done";

/** Runs a command beside a task of the bench, as whoever checks its health would. */
function execBeside(
  { folder, mark }: Bench,
  tested: ProviderUnderTest,
  provider: Provider,
  { instance, handle }: Ran,
  command: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<ExecResult> {
  assert.ok(provider.exec !== undefined, "it runs no commands");
  const params = provider.parseParams(tested.params("true", folder));
  const request = { command, params, env: { TEST_MARK: mark }, signal, outputBytesMax: 1_000 };
  return provider.exec({ instance, attempt: 1, handle }, request);
}

export const execCases: Readonly<Record<string, Case>> = {
  "runs a command beside a task, in its folder and with its environment": async (bench, tested) => {
    const task = await bench.run(`echo kept >note; ${forever}`);
    const script = 'cat note && echo "mark $TEST_MARK" && echo wrong >&2 && exit 5';
    const { exit, output } = await eventually(async () => {
      const ran = await execBeside(bench, tested, bench.provider, task, ["sh", "-c", script]);
      return ran.output.includes("kept") && ran;
    }, "a command that finds the task's file");
    assert.deepEqual(exit, { kind: "exited", code: 5 });
    assert.deepEqual(output.trimEnd().split("\n").sort(), ["kept", `mark ${bench.mark}`, "wrong"]);
  },

  "keeps the beginning of what a command writes": async (bench, tested) => {
    const task = await bench.run(forever);
    const command = ["sh", "-c", "seq 1 100000"];
    const { exit, output } = await execBeside(bench, tested, bench.provider, task, command);
    assert.deepEqual(exit, { kind: "exited", code: 0 });
    assert.equal(output.length, 1_000);
    assert.ok(output.startsWith("1\n2\n3\n"));
  },

  "runs a command beside a task that was taken over": async (bench, tested) => {
    const task = await bench.run(forever);
    running(task.task).release();
    const provider = await bench.comeBack();
    const { instance, handle } = task;
    running(await provider.adopt({ instance, attempt: 1, handle }));
    const { output } = await execBeside(bench, tested, provider, task, ["echo", "a  b"]);
    assert.equal(output, "a  b\n");
  },

  "ends a command that is given up": async (bench, tested) => {
    const task = await bench.run(forever);
    const mark = `given-up-${bench.mark}`;
    const controller = new AbortController();
    const { signal } = controller;
    const command = ["sh", "-c", `: ${mark}; sleep 1000 & wait`];
    const ran = execBeside(bench, tested, bench.provider, task, command, signal);
    await eventually(() => processesNaming(mark).length > 0, "the command");
    controller.abort();
    assert.deepEqual((await ran).exit, { kind: "signaled", signal: "SIGKILL" });
    await eventually(() => processesNaming(mark).length === 0, "the end of the command");
    running(task.task);
  },

  "leaves nothing of a command when its task ends": async (bench, tested) => {
    const task = await bench.run(forever);
    const left = "setsid sleep 1000 >/dev/null 2>&1 & exit 0";
    await execBeside(bench, tested, bench.provider, task, ["sh", "-c", left]);
    const under = execBeside(bench, tested, bench.provider, task, ["sleep", "1000"]);
    const ended = under.catch((error: unknown) => error); // How it is told is the engine's affair.
    await running(task.task).stop({ signal: "SIGKILL", graceMs: 0 });
    await exitOf(task.task);
    await ended;
    const all = () => markedProcesses(`TEST_MARK=${bench.mark}`);
    await eventually(() => all().length === 0, "nothing left");
  },

  "says that a program is not there, and that a task does not run": async (bench, tested) => {
    const task = await bench.run(forever);
    const told = await execBeside(bench, tested, bench.provider, task, ["no-such-program"]).then(
      ({ exit, output }) => `${JSON.stringify(exit)} ${output}`,
      (error: unknown) => String(error),
    );
    assert.match(told, /no-such-program/);
    assert.doesNotMatch(told, /"code":0/);
    await running(task.task).stop({ signal: "SIGKILL", graceMs: 0 });
    await assert.rejects(execBeside(bench, tested, bench.provider, task, ["true"]));
  },
};

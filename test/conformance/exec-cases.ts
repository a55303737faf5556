/** What must be true of a provider that runs commands beside its tasks. */
import assert from "node:assert/strict";
import { OutputHead } from "../../src/core/output-head.ts";
import type { ExecRequest, Exit, Provider } from "../../src/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { markedProcesses, processesNaming } from "../support/marked-processes.ts";
import { type Bench, exitOf, type Ran, running } from "./provider-bench.ts";
import type { ProviderUnderTest } from "./under-test.ts";

type Case = (bench: Bench, tested: ProviderUnderTest) => Promise<void>;

/** For providers with terminals alone. */
export const terminalCase = "gives a command a terminal of the size that it is told";

const forever = "while :; do sleep 1; done";

type Wish = Partial<Pick<ExecRequest<unknown>, "signal" | "output" | "input" | "terminal">>;

/** Runs a command beside a task of the bench; `output` is the beginning of both streams, as they came. */
async function execBeside(
  { folder, mark }: Bench,
  tested: ProviderUnderTest,
  provider: Provider,
  { instance, handle }: Ran,
  command: readonly string[],
  wish: Wish = {},
): Promise<{ readonly exit: Exit; readonly output: string }> {
  assert.ok(provider.exec !== undefined, "it runs no commands");
  const params = provider.parseParams(tested.params("true", folder));
  const head = new OutputHead(1_000);
  const exit = await provider.exec(
    { instance, attempt: 1, handle },
    {
      command,
      params,
      env: { TEST_MARK: mark },
      signal: new AbortController().signal,
      output: (bytes) => head.add(bytes),
      ...wish,
    },
  );
  return { exit, output: head.text };
}

/** What each stream had. */
function gathered() {
  const streams = { stdout: "", stderr: "" };
  const output: ExecRequest<unknown>["output"] = (bytes, stream) => {
    streams[stream] += Buffer.from(bytes).toString("latin1");
  };
  return { streams, output };
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

  "tells the streams of a command apart": async (bench, tested) => {
    const task = await bench.run(forever);
    const { streams, output } = gathered();
    const command = ["sh", "-c", "echo right; echo wrong >&2; exit 3"];
    const { exit } = await execBeside(bench, tested, bench.provider, task, command, { output });
    assert.deepEqual(exit, { kind: "exited", code: 3 });
    assert.deepEqual(streams, { stdout: "right\n", stderr: "wrong\n" });
  },

  "loses nothing of what a command writes, whoever reads it slowly": async (bench, tested) => {
    const task = await bench.run(forever);
    const { streams, output } = gathered();
    let open = 0;
    const slow: typeof output = async (bytes, stream) => {
      open++;
      assert.equal(open, 1, "a piece came before the one before was taken");
      await new Promise(setImmediate);
      output(bytes, stream);
      open--;
    };
    const command = ["sh", "-c", "seq 1 100000"];
    await execBeside(bench, tested, bench.provider, task, command, { output: slow });
    const numbers = streams.stdout.trimEnd().split("\n");
    assert.deepEqual([numbers.length, numbers[0], numbers.at(-1)], [100_000, "1", "100000"]);
  },

  "has a command read what it is given, to its end": async (bench, tested) => {
    const task = await bench.run(forever);
    const piece = Buffer.alloc(50_000, "x");
    const input = (async function* () {
      for (let i = 0; i < 20; i++) yield piece;
    })();
    const command = ["sh", "-c", "cat | wc -c"];
    const { output } = await execBeside(bench, tested, bench.provider, task, command, { input });
    assert.equal(output.trim(), "1000000");
  },

  "ends with a command that does not read what it is given": async (bench, tested) => {
    const task = await bench.run(forever);
    const command = ["sh", "-c", "read -r line; echo read; exit 4"];
    // An engine may or may not be about to read more of it just then.
    for (let round = 0; round < 10; round++) {
      const input = (async function* () {
        for (;;) yield Buffer.from("x\n".repeat(5_000));
      })();
      const ended = await execBeside(bench, tested, bench.provider, task, command, { input });
      assert.deepEqual(ended.exit, { kind: "exited", code: 4 });
      if (tested.losesOutputBesideInput?.test(ended.output)) continue;
      assert.match(ended.output, /^read\n/); // Podman may go on in words of its own, of what it could not pass on.
    }
  },

  [terminalCase]: async (bench, tested) => {
    const task = await bench.run(forever);
    const { streams, output } = gathered();
    let resize: (size: { columns: number; rows: number }) => void = () => {};
    const terminal = {
      columns: 100,
      rows: 30,
      onResize(listener: typeof resize) {
        resize = listener;
      },
    };
    // A terminal of an engine's may have no size for a moment, of which stty complains.
    const until = (size: string) =>
      `until [ "$(stty size 2>/dev/null)" = "${size}" ]; do sleep 0.1; done`;
    const script = `tty; ${until("30 100")}; echo first; ${until("50 132")}; echo second`;
    const ran = execBeside(bench, tested, bench.provider, task, ["sh", "-c", script], {
      output,
      terminal,
    });
    await eventually(() => streams.stdout.includes("first"), "the size that it began with");
    resize({ columns: 132, rows: 50 });
    await ran;
    assert.match(streams.stdout, /^\/dev\/\S+\r\nfirst\r\nsecond\r\n$/);
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
    const ran = execBeside(bench, tested, bench.provider, task, command, { signal });
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

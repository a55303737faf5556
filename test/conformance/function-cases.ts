/** What must be true of functions, in real processes: what is invoked, what fails, how many run, and what outlives whom. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Invoked, Provider } from "../../src/providers/provider.ts";
import { eventually } from "../support/eventually.ts";
import { markedProcesses } from "../support/marked-processes.ts";
import { processAlive } from "../support/process-alive.ts";
import { logs, outputWith, type Ran, running, startBench } from "./provider-bench.ts";
import type { ProviderUnderTest } from "./under-test.ts";

/** Registers all cases with `node:test`, as one test; its parameters are those of lambda, as JSON. */
export function describeFunctions(tested: ProviderUnderTest): void {
  test(tested.name, async (t) => {
    for (const [name, run] of Object.entries(functionCases))
      await t.test(name, (t) => run(t, tested));
  });
}

async function deployed(t: TestContext, tested: ProviderUnderTest, params: object) {
  const bench = await startBench(t, tested);
  const ran = await bench.run(JSON.stringify({ timeout: "60s", ...params }));
  const { provider, mark } = bench;
  return {
    ...bench,
    ran,
    invoke: (event: unknown) => invoke(provider, ran, event),
    /** Those of the function: all but its shim and its host. */
    processes: () => markedProcesses(`TEST_MARK=${mark}`, "_HANDLER=index.handler"),
    /** All that is in its log, once it has `until`. */
    async log(until: string) {
      const output = await provider.output(ran.instance, logs);
      const text = await outputWith(output, until);
      await output.close();
      return text;
    },
  };
}

async function invoke(
  { invocable }: Provider,
  { instance }: Ran,
  event: unknown,
): Promise<Invoked & { readonly said: unknown }> {
  assert.ok(invocable !== undefined);
  const invoked = await invocable.invoke(instance, JSON.stringify(event));
  return { ...invoked, said: JSON.parse(invoked.answer) };
}

type Case = (t: TestContext, tested: ProviderUnderTest) => Promise<void>;

const functionCases: Readonly<Record<string, Case>> = {
  "a handler answers with what it is given, in one process for one after the other": async (
    t,
    tested,
  ) => {
    const code = `exports.handler = async (event, context) => {
    console.log("got", event.n);
    return { pid: process.pid, n: event.n + 1, id: context.awsRequestId, left: context.getRemainingTimeInMillis() > 0 };
  };`;
    const { invoke, log } = await deployed(t, tested, { code });
    const first = await invoke({ n: 1 });
    const { pid } = first.said as { pid: number };
    assert.deepEqual(first.said, { pid, n: 2, id: first.id, left: true });
    assert.equal(first.cold, true);
    const second = await invoke({ n: 2 });
    assert.deepEqual(second.said, { pid, n: 3, id: second.id, left: true });
    assert.equal(second.cold, false);
    const text = await log(`REPORT ${second.id}`);
    const lines = text.split("\n").filter((line) => line.includes(first.id));
    assert.deepEqual(lines.slice(0, 3), [
      `START ${first.id} process 1, cold`,
      `[${first.id}] got 1`,
      `END ${first.id} done`,
    ]);
    assert.match(lines[3] ?? "", /^REPORT \S+ \d+\.\d ms$/);
  },

  "what it uses is that of its host and of all its processes, those that have ended too": async (
    t,
    tested,
  ) => {
    const code = `exports.handler = ({ ms, end }) => {
      const until = process.cpuUsage().user + ms * 1_000;
      while (process.cpuUsage().user < until);
      if (end) process.exit(1);
      return process.pid;
    };`;
    const { provider, ran, invoke } = await deployed(t, tested, { code });
    const stats = async () => {
      const { instance, handle } = ran;
      const told = await provider.stats?.({ instance, handle, attempt: 1 });
      assert.ok(told?.processes !== undefined);
      return { ...told, processes: told.processes };
    };
    const before = await stats();
    await invoke({ ms: 0 });
    const warm = await stats();
    assert.equal(warm.processes, before.processes + 1);
    assert.ok(warm.memoryBytes > before.memoryBytes);
    await assert.rejects(invoke({ ms: 1_000, end: true }), { code: "function_failed" });
    const isGone = async () => (await stats()).processes === before.processes;
    await eventually(isGone, "the end of its process");
    const { cpuMs } = await stats();
    assert.ok(cpuMs >= warm.cpuMs + 900, `${warm.cpuMs}, then ${cpuMs} ms`); // Ticks of 10 ms.
  },

  "what a handler throws is told by name, and the next is done in the same process": async (
    t,
    tested,
  ) => {
    const code = `exports.handler = (event, context, callback) => {
    if (event.wrong) callback(new TypeError("no such thing"));
    else callback(null, process.pid);
  };`;
    const { invoke, log } = await deployed(t, tested, { code });
    const { said } = await invoke({});
    const expected = { code: "function_failed", message: "TypeError: no such thing" };
    await assert.rejects(invoke({ wrong: true }), expected);
    assert.equal((await invoke({})).said, said);
    assert.match(await log("failed: TypeError"), /^\[[\w-]{36}\] TypeError: no such thing$/m);
  },

  "an invocation that takes too long is ended with its process": async (t, tested) => {
    const code = `exports.handler = async ({ forever }) => {
    console.log("pid", process.pid);
    for (;forever;);
    return process.pid;
  };`;
    const { invoke, log } = await deployed(t, tested, { code, timeout: "2s" });
    const expected = { code: "function_timed_out", message: /took longer than 2000 ms/ };
    await assert.rejects(invoke({ forever: true }), expected);
    const [, pid] = /pid (\d+)/.exec(await log("pid ")) ?? [];
    await eventually(() => !processAlive(Number(pid)), "the end of its process");
    assert.notEqual((await invoke({})).said, Number(pid));
  },

  "a process that ends while it works fails that invocation alone": async (t, tested) => {
    const code = "exports.handler = async ({ end }) => (end ? process.exit(3) : 1);";
    const { invoke } = await deployed(t, tested, { code });
    const expected = { code: "function_failed", message: /its process ended with exit code 3$/ };
    await assert.rejects(invoke({ end: true }), expected);
    assert.equal((await invoke({})).said, 1);
  },

  "code that cannot begin fails each invocation, and says why": async (t, tested) => {
    const code = 'throw new RangeError("not today");';
    const { invoke, log } = await deployed(t, tested, { code });
    for (const _again of [1, 2]) {
      await assert.rejects(invoke({}), {
        code: "function_failed",
        message: /its process never asked for work: it could not begin: RangeError: not today$/,
      });
    }
    assert.match(await log("at "), /^\[process 1\] .*code\/index\.js:1/m);
  },

  "a folder and a program that are not there are told by the start, by name": async (t, tested) => {
    for (const [params, message] of [
      [{ code: "/no/such" }, "params.code: /no/such does not exist on this node"],
      [{ command: ["/no/such"] }, "params.command: /no/such does not exist on this node"],
      [
        { command: ["no-such"] },
        "params.command: no-such is in no folder of its PATH on this node",
      ],
    ] as const) {
      await assert.rejects(deployed(t, tested, params), { code: "unavailable", message });
    }
  },

  "an answer that JSON has no word for is an error, and nothing is null": async (t, tested) => {
    const code =
      "exports.handler = ({ is }) => ({ symbol: Symbol(), big: 7n, cycle: globalThis })[is];";
    const { invoke } = await deployed(t, tested, { code });
    assert.equal((await invoke({ is: "nothing" })).said, null);
    for (const [is, message] of [
      ["symbol", "TypeError: the handler answered with a symbol, which is no JSON"],
      ["big", /^TypeError: .*BigInt/],
      ["cycle", /^TypeError: .*circular/],
    ] as const) {
      await assert.rejects(invoke({ is }), { code: "function_failed", message });
    }
  },

  "as many run at once as may, some wait, and more are refused": async (t, tested) => {
    const { folder, invoke, log, ran, provider } = await deployed(t, tested, {
      code: `const { existsSync } = require("node:fs");
    exports.handler = async ({ go }) => {
      while (!existsSync(go)) await new Promise((again) => setTimeout(again, 10));
      return process.pid;
    };`,
      concurrency: 2,
      queue: 1,
    });
    const go = join(folder, "go");
    const open = [invoke({ go }), invoke({ go }), invoke({ go })];
    const load = () => provider.invocable?.load(ran.instance);
    await eventually(async () => (await load()) === 3, "all to be there");
    const expected = { code: "overloaded", message: /2 invocations are under way and 1 wait/ };
    await assert.rejects(invoke({ go }), expected);
    await Promise.all([log("process 1, cold"), log("process 2, cold")]);
    await writeFile(go, "");
    const pids = (await Promise.all(open)).map(({ said }) => said);
    assert.equal(new Set(pids).size, 2);
    assert.equal(await load(), 0);
  },

  "without work it scales to none and back, but for what is reserved": async (t, tested) => {
    const code = "exports.handler = async () => process.pid;";
    const { invoke, processes } = await deployed(t, tested, { code, idle: "50ms" });
    assert.deepEqual(processes(), []);
    const { said } = await invoke({});
    await eventually(() => processes().length === 0, "the end of an idle process");
    const again = await invoke({});
    assert.notEqual(again.said, said);
    assert.equal(again.cold, true);
    const kept = await deployed(t, tested, { code, idle: "50ms", reserved: 1 });
    const [pid] = await eventually(() => kept.processes().length === 1 && kept.processes(), "one");
    await kept.invoke({});
    assert.equal((await kept.invoke({})).said, pid);
  },

  "a folder of ES modules is found by the handler's name, and sees its environment": async (
    t,
    tested,
  ) => {
    const bench = await startBench(t, tested);
    const code = join(bench.folder, "code");
    await mkdir(join(code, "src"), { recursive: true });
    const source =
      "export async function run() { return [process.env.TEST_MARK, process.env._HANDLER, process.cwd()]; }";
    await writeFile(join(code, "src/app.mjs"), source);
    const ran = await bench.run(JSON.stringify({ code, handler: "src/app.run", timeout: "60s" }));
    const { said } = await invoke(bench.provider, ran, {});
    assert.deepEqual(said, [bench.mark, "src/app.run", code]);
  },

  "any program that speaks the Runtime API is one, and may answer what is no JSON": async (
    t,
    tested,
  ) => {
    const bench = await startBench(t, tested);
    const client = join(bench.folder, "client.mjs");
    const source = `const base = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2018-06-01/runtime/";
    for (;;) {
      const next = await fetch(base + "invocation/next");
      const id = next.headers.get("lambda-runtime-aws-request-id");
      const event = await next.json();
      const what = event.wrong ? "error" : "response";
      const body = event.wrong ? JSON.stringify({ errorType: "Mine", errorMessage: "x" }) : "hello " + event.who;
      await fetch(base + "invocation/" + id + "/" + what, { method: "POST", body });
    }`;
    await writeFile(client, source);
    const params = { command: [process.execPath, client], timeout: "60s" };
    const ran = await bench.run(JSON.stringify(params));
    const { invocable } = bench.provider;
    assert.equal((await invocable?.invoke(ran.instance, '{"who":"you"}'))?.answer, "hello you");
    const wrong = invocable?.invoke(ran.instance, '{"wrong":true}');
    await assert.rejects(Promise.resolve(wrong), { message: "Mine: x" });
  },

  "it outlives its node, which finds it again with its warm process; a stop leaves nothing": async (
    t,
    tested,
  ) => {
    const { startOwner, provider, mark } = await startBench(t, tested);
    const owner = await startOwner(1, "exports.handler = async () => process.pid; // { }");
    await eventually(() => owner.lines[0], "a task that runs");
    await owner.kill();
    const [found] = await provider.list();
    assert.ok(found !== undefined);
    const task = running(await provider.adopt(found));
    const ran = { instance: found.instance, handle: found.handle, task };
    const first = await invoke(provider, ran, {});
    const second = await invoke(provider, ran, {});
    assert.deepEqual([first.cold, second.cold, first.said === second.said], [true, false, true]);
    await task.stop({ signal: "SIGTERM", graceMs: 10_000 });
    assert.deepEqual(markedProcesses(`TEST_MARK=${mark}`), []);
    const expected = { code: "unavailable", message: "its host does not run here" };
    await assert.rejects(invoke(provider, ran, {}), expected);
  },

  "an invocation whose host is killed is answered with an error, and nothing is left": async (
    t,
    tested,
  ) => {
    const code = 'exports.handler = () => { console.log("at it"); return new Promise(() => {}); };';
    const { invoke, ran, log, mark } = await deployed(t, tested, { code });
    const waiting = assert.rejects(invoke({}), { code: "outcome_unknown" });
    await log("at it");
    process.kill(Number(ran.handle["pid"]), "SIGKILL");
    await waiting;
    const { exit } = await running(ran.task).exited;
    assert.deepEqual(exit, { kind: "signaled", signal: "SIGKILL" });
    await eventually(() => markedProcesses(`TEST_MARK=${mark}`).length === 0, "nothing left");
  },

  "a function is invoked again once it is restarted, however its host has ended": async (
    t,
    tested,
  ) => {
    const bench = await startBench(t, tested);
    const code = 'exports.handler = async () => "here";';
    const script = JSON.stringify({ code, timeout: "60s" });
    let ran = await bench.run(script);
    for (const [index, signal] of (["SIGKILL", "SIGTERM"] as const).entries()) {
      // It listens: what it leaves is found by the next.
      assert.equal((await invoke(bench.provider, ran, {})).said, "here");
      if (signal === "SIGKILL") process.kill(Number(ran.handle["pid"]), signal);
      else await running(ran.task).stop({ signal, graceMs: 10_000 });
      const { exit } = await running(ran.task).exited;
      assert.deepEqual(exit, { kind: "signaled", signal });
      ran = await bench.run(script, ran.instance, index + 2);
    }
    assert.equal((await invoke(bench.provider, ran, {})).said, "here");
  },

  "what is too large is refused, whichever way it goes": async (t, tested) => {
    const code = 'exports.handler = async ({ n }) => "x".repeat(n);';
    const { invoke } = await deployed(t, tested, { code });
    await assert.rejects(invoke({ n: 1, x: "x".repeat(2 ** 20) }), { code: "bad_request" });
    const expected = { code: "function_failed", message: /ResponseTooLarge: .* 1048576 bytes/ };
    await assert.rejects(invoke({ n: 2 ** 20 }), expected);
    assert.equal((await invoke({ n: 1 })).said, "x");
  },
};

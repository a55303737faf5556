/** Commands, functions and leftovers of third parties in real processes that crash, hang and lie in the middle. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { ExecRequest, Provider } from "../../../../src/providers/provider.ts";
import { eventually } from "../../../support/eventually.ts";
import { again, harmful, instance } from "../../../support/harmful-provider.ts";
import { processAlive } from "../../../support/process-alive.ts";

const found = { instance, attempt: 1, handle: {} };
const died = /harmful.* is away: its process ended with exit code 9/;

function exec({ exec }: Provider, wish: Partial<ExecRequest<unknown>> = {}) {
  assert.ok(exec !== undefined);
  const { signal } = new AbortController();
  return exec(found, { command: ["x"], params: {}, env: {}, signal, output() {}, ...wish });
}

function functionsOf({ invocable }: Provider) {
  assert.ok(invocable !== undefined);
  return invocable;
}

function leftoversOf({ leftovers }: Provider) {
  assert.ok(leftovers !== undefined);
  return leftovers;
}

test("what a provider has is a feature, as of Mob's own, and what it only says is none", async (t) => {
  const probe = `probe: async () => ({
    available: true, version: "1", features: ["exec", "terminals", "console", "invoke", "stats", "leftovers", "own"],
  }),`;
  const none = await harmful(t, probe);
  assert.deepEqual(none.features, ["own"]);
  const { exec, terminals, console, invocable, stats, leftovers } = none.provider;
  const had = [exec, terminals, console, invocable, stats, leftovers];
  assert.deepEqual(had, Array(6).fill(undefined));
  const parts = `exec: nothing, terminals: true, console: nothing, invocable: { invoke: nothing, load: nothing },
    stats: nothing, leftovers: { list: nothing, remove: nothing },`;
  const all = await harmful(t, probe + parts);
  const words = ["own", "exec", "terminals", "console", "invoke", "stats", "leftovers"];
  assert.deepEqual(all.features, words);
});

test("what it could do elsewhere and cannot here is told with its reason, on one line", async (t) => {
  const { provider } = await harmful(
    t,
    `probe: async () => ({
      available: true, version: "1", features: [], lacks: { limits: "no cgroup\\n here" },
    }),`,
  );
  const found = await provider.probe();
  assert.ok(found.available);
  assert.deepEqual(found.lacks, { limits: "no cgroup  here" });
});

test("a crash settles every command that runs, whatever it was at, and says so", async (t) => {
  const { provider } = await harmful(
    t,
    `async exec(found, { command: [what], output, input }) {
      if (what === "die") process.exit(9);
      await output(Buffer.from("up"), "stdout");
      if (what === "read") for await (const bytes of input);
      await new Promise(() => {});
    },`,
  );
  let heard = 0;
  const output = () => {
    heard++;
  };
  const input = (async function* () {
    await new Promise(() => {});
    yield Buffer.alloc(0);
  })();
  const open = [
    exec(provider, { output }),
    exec(provider, { command: ["read"], output, input }),
    exec(provider, { output: () => new Promise(() => heard++) }), // It takes nothing.
  ];
  const settled = Promise.allSettled(open);
  await eventually(() => heard === 3, "three commands that run");
  await assert.rejects(exec(provider, { command: ["die"] }), died);
  for (const one of await settled) {
    assert.ok(one.status === "rejected");
    assert.equal(one.reason.code, "unavailable");
    assert.match(one.reason.message, died);
  }
  assert.deepEqual(await again(() => provider.list()), []);
});

test("that a command is given up reaches it; one that goes on all the same costs its process", async (t) => {
  const { provider, pids } = await harmful(
    t,
    `exec: (found, { command: [what], signal, output }) => new Promise((end) => {
      const killed = () => end({ kind: "signaled", signal: "SIGKILL" });
      if (what === "x") signal.addEventListener("abort", killed);
      output(Buffer.from("up"), "stdout");
    }),`,
    { answerMs: 8_000 },
  );
  const givenUp = async (command: string) => {
    const controller = new AbortController();
    const { signal } = controller;
    return await exec(provider, { command: [command], signal, output: () => controller.abort() });
  };
  assert.deepEqual(await givenUp("x"), { kind: "signaled", signal: "SIGKILL" });
  await assert.rejects(givenUp("deaf"), /is away: it did not answer to abort within 8000 ms/);
  assert.deepEqual(await again(() => provider.list()), []);
  const [first = 0] = await pids();
  assert.ok(!processAlive(first));
});

test("of what a command writes at once one piece of a stream is on the way, and a small one", async (t) => {
  const { provider } = await harmful(
    t,
    `async exec(found, { output }) {
      for (let i = 0; i < 8; i++) output(Buffer.alloc(150_000, String(i)), "stdout");
      return { kind: "exited", code: 0 };
    },`,
  );
  let open = 0;
  let text = "";
  const exit = await exec(provider, {
    async output(bytes) {
      open++;
      assert.deepEqual([open, bytes.length <= 65_536], [1, true]);
      await new Promise(setImmediate);
      text += Buffer.from(bytes).toString();
      open--;
    },
  });
  assert.deepEqual(exit, { kind: "exited", code: 0 });
  assert.equal(text, [..."01234567"].map((digit) => digit.repeat(150_000)).join(""));
});

test("a console has what is typed there, and its end is that of the input", async (t) => {
  const { provider } = await harmful(
    t,
    `async console(found, { logs, input, output }) {
      await output(Buffer.from(logs.filesMax + "|"), "stdout");
      for await (const bytes of input) await output(bytes, "stdout");
    },`,
  );
  const { signal } = new AbortController();
  let text = "";
  const output = (bytes: Uint8Array) => {
    text += Buffer.from(bytes).toString();
  };
  const input = Readable.from([Buffer.from("ro"), Buffer.from("ot")]);
  const logs = { fileBytesMax: 1_000, filesMax: 3 };
  await provider.console?.(found, { logs, signal, output, input });
  assert.equal(text, "3|root");
});

test("a crash in the middle of invocations leaves their outcome unknown, and says so", async (t) => {
  const { provider } = await harmful(
    t,
    `invocable: {
      open: 0,
      load: async function () { return this.open; },
      invoke(instance, event) {
        if (event === '"die"') process.exit(9);
        this.open++;
        return new Promise(() => {});
      },
    },`,
  );
  const { invoke, load } = functionsOf(provider);
  const open = Promise.allSettled([invoke(instance, "1"), invoke(instance, "2")]);
  await eventually(async () => (await load(instance)) === 2, "two that are under way");
  await assert.rejects(invoke(instance, '"die"'), { code: "outcome_unknown", message: died });
  for (const one of await open) {
    assert.ok(one.status === "rejected");
    assert.equal(one.reason.code, "outcome_unknown");
    assert.match(one.reason.message, died);
  }
  await assert.rejects(invoke(instance, "3"), { code: "unavailable" }); // Nothing was done.
  assert.equal(await again(() => load(instance)), 0);
});

test("what never answers of functions and leftovers is an error of that call, and others go on", async (t) => {
  const { provider, pids } = await harmful(
    t,
    `invocable: {
      load: async () => 0,
      invoke: async (instance, event) =>
        event === "1" ? { id: "a", answer: "2", cold: false, ms: 1 } : await new Promise(() => {}),
    },
    leftovers: { list: () => new Promise(() => {}), remove: () => new Promise(() => {}) },`,
    { invokeMs: 3_000, leftoversMs: 3_000 },
  );
  const { invoke } = functionsOf(provider);
  const { list, remove } = leftoversOf(provider);
  const late = /is late: it did not answer to \w+ within 3000 ms/;
  await Promise.all([
    assert.rejects(invoke(instance, "0"), { code: "outcome_unknown", message: late }),
    assert.rejects(list(), { code: "unavailable", message: late }),
    assert.rejects(remove("x"), { code: "unavailable", message: late }),
  ]);
  assert.equal((await pids()).length, 1);
  assert.equal((await provider.probe()).available, true);
});

test("a crash in the middle of a look for leftovers fails that look", async (t) => {
  const { provider } = await harmful(
    t,
    "leftovers: { list: async () => process.exit(9), remove: async () => process.exit(9) },",
  );
  const { list, remove } = leftoversOf(provider);
  await assert.rejects(list(), { code: "unavailable", message: died });
  await again(() => provider.list());
  await assert.rejects(remove("x"), { code: "unavailable", message: died });
  assert.deepEqual(await again(() => provider.list()), []);
});

test("figures are told as they are, checked, and of a task whose are late no other is the worse", async (t) => {
  const { provider, pids } = await harmful(
    t,
    `stats: async ({ attempt }) =>
      [
        { cpuMs: 1.5, memoryBytes: 2, processes: 3 },
        { cpuMs: 0, memoryBytes: 0 },
        undefined,
        { cpuMs: -1, memoryBytes: 0 },
        { cpuMs: NaN, memoryBytes: 0 },
        { cpuMs: 1, memoryBytes: 1e300 },
        { cpuMs: 1, memoryBytes: 1, processes: 0.5 },
      ][attempt - 1] ?? (attempt === 3 ? undefined : await new Promise(() => {})),`,
    { answerMs: 3_000 },
  );
  const stats = async (attempt: number) => provider.stats?.({ ...found, attempt });
  assert.deepEqual(await stats(1), { cpuMs: 1.5, memoryBytes: 2, processes: 3 });
  assert.deepEqual(await stats(2), { cpuMs: 0, memoryBytes: 0 });
  for (const attempt of [3, 4, 5, 6, 7]) {
    const message = /stats, it should give \{ cpuMs, memoryBytes \}, and processes where/;
    await assert.rejects(stats(attempt), { code: "unavailable", message });
  }
  await assert.rejects(stats(8), {
    code: "unavailable",
    message: /did not answer to stats within/,
  });
  assert.equal((await pids()).length, 1);
  assert.deepEqual(await stats(2), { cpuMs: 0, memoryBytes: 0 });
});

test("what a provider says of commands, functions and leftovers is checked, by name", async (t) => {
  const { provider, pids } = await harmful(
    t,
    `exec: async (found, { command: [what], output }) => {
      if (what === "text") await output("text", "stdout");
      for (let command = 0; command < 9; command++) {
        process.send({ told: "wrote", command, stream: "stdout", bytes: new Uint8Array(1e6) });
        process.send({ told: "wrote", command, stream: "log", bytes: 7 });
      }
      return { kind: "fine" };
    },
    invocable: { load: async () => "many", invoke: async () => ({ answer: () => {} }) },
    leftovers: { list: async () => [{ id: 7 }], remove: nothing },`,
  );
  const unheard = () => assert.fail("what is no piece was taken for one");
  await assert.rejects(exec(provider, { output: unheard }), /exec, it should give how the command/);
  await assert.rejects(exec(provider, { command: ["text"] }), /output takes a Uint8Array/);
  const { invoke, load } = functionsOf(provider);
  await assert.rejects(invoke(instance, "1"), /its answer is not plain data/);
  await assert.rejects(load(instance), /it should give a number of invocations/);
  await assert.rejects(leftoversOf(provider).list(), /it should give a list of at most 10000/);
  assert.equal((await pids()).length, 1);
});

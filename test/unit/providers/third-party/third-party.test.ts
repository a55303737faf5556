/** Providers of third parties in real processes: what their authors do wrong, the node survives. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { root } from "../../../../scripts/root.ts";
import { InvalidSpec } from "../../../../src/core/errors.ts";
import { offersOf } from "../../../../src/providers/live-providers.ts";
import type { Provider, Task } from "../../../../src/providers/provider.ts";
import { writeBatchProvider } from "../../../support/batch-provider.ts";
import { eventually } from "../../../support/eventually.ts";
import { again, harmful, instance, openProviders } from "../../../support/harmful-provider.ts";
import { processAlive } from "../../../support/process-alive.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const logs = { fileBytesMax: 1e7, filesMax: 5 };
const context = { service: "tested", attempt: 1, env: {}, logs };

async function batch(t: TestContext) {
  const folder = await tempFolder(t);
  const providers = await openProviders(t, folder, [await writeBatchProvider(folder)]);
  const provider = providers.met.get("batch");
  assert.ok(provider !== undefined, offersOf(providers).refused[0]?.reason);
  return { folder, provider, checkParams: providers.checkParams };
}

async function startedIn(provider: Provider, script: string): Promise<Task> {
  const handle = await provider.start(instance, { script, nice: 5 }, context);
  const task = await provider.adopt({ instance, attempt: 1, handle });
  assert.ok(!("gone" in task));
  return task;
}

/** The process that the provider runs in: the parent of a shim. */
async function ownerOf(pid: number): Promise<number> {
  const parentOf = async (of: number) => {
    const stat = await readFile(`/proc/${of}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  };
  return await parentOf(await parentOf(pid));
}

test("a task runs on over the death of its provider's process, and its end is told", async (t) => {
  const { provider, folder } = await batch(t);
  const script = `echo up; while [ ! -e ${folder}/go ]; do sleep 0.02; done; echo last; exit 4`;
  const task = await startedIn(provider, script);
  const output = await provider.output(instance, logs);
  const grown = new Promise<void>((resolve) => {
    output.watch(() => {
      void output.tail(0).then(
        (end) => end > 3 && resolve(),
        () => {},
      );
    });
  });
  const pid = Number(task.handle["pid"]);
  const owner = await ownerOf(pid);
  process.kill(owner, "SIGKILL");
  await eventually(() => !processAlive(owner), "the end of the provider's process");
  await again(() => provider.list());
  assert.ok(processAlive(pid));
  await writeFile(join(folder, "go"), "");
  assert.deepEqual((await task.exited).exit, { kind: "exited", code: 4 });
  await grown;
  const { bytes } = await output.read(0, 1_000);
  assert.equal(Buffer.from(bytes).toString(), "up\nlast\n");
  await output.close();
});

test("a stop that finds the provider away is done once it is back", async (t) => {
  const { provider, folder } = await batch(t);
  const trapped = join(folder, "trapped");
  const script = `trap 'exit 3' TERM; touch ${trapped}; while :; do sleep 0.05; done`;
  const task = await startedIn(provider, script);
  await eventually(() => existsSync(trapped), "a task that handles the signal");
  process.kill(await ownerOf(Number(task.handle["pid"])), "SIGKILL");
  await task.stop({ signal: "SIGTERM", graceMs: 60_000 });
  assert.deepEqual((await task.exited).exit, { kind: "exited", code: 3 });
});

test("parameters are checked in the provider's process, with the path of every error", async (t) => {
  const { checkParams } = await batch(t);
  assert.equal(await checkParams("batch", { script: "true" }), "checked");
  await assert.rejects(checkParams("batch", { nice: 50, scirpt: "x" }), (error) => {
    assert.ok(error instanceof InvalidSpec);
    const paths = error.details.map(({ path }) => path);
    assert.deepEqual(paths, ["params.scirpt", "params.script", "params.nice"]);
    return true;
  });
});

test("while a provider that crashes is away, what is asked of it is refused with the reason", async (t) => {
  const { provider, pids } = await harmful(t, "start: async () => process.exit(9),");
  const isDoubted = new Promise<void>((resolve) => provider.watch?.(resolve));
  const why = /harmful.* is away.*: its process ended with exit code 9/;
  await assert.rejects(provider.start(instance, {}, context), {
    code: "unavailable",
    message: why,
  });
  await assert.rejects(provider.start(instance, {}, context), {
    code: "unavailable",
    message: why,
  });
  await isDoubted; // Nobody need ask it anything for its node to look at it.
  assert.deepEqual(await again(() => provider.list()), []);
  assert.equal((await pids()).length, 2);
});

test("a provider in an endless loop is ended and started again", async (t) => {
  const { provider, pids } = await harmful(t, "start() { for (;;); },", { pingEveryMs: 2_000 });
  const message = /it has not answered for 6000 ms/;
  await assert.rejects(provider.start(instance, {}, context), { message });
  assert.deepEqual(await again(() => provider.list()), []);
  const [first = 0] = await pids();
  assert.ok(!processAlive(first));
});

test("a provider that never answers a call is ended, though its process lives", async (t) => {
  const { provider } = await harmful(t, "remove: () => new Promise(() => {}),", {
    answerMs: 8_000,
  });
  const message = /it did not answer to remove within 8000 ms/;
  await assert.rejects(provider.remove(instance), { message });
  assert.deepEqual(await again(() => provider.list()), []);
});

test("a provider that leaks loses its process, and the node nothing", async (t) => {
  const leak = "async start() { for (const held = []; ; ) held.push(new Array(1e5).fill(held)); },";
  const { provider } = await harmful(t, leak);
  await assert.rejects(provider.start(instance, {}, context), / is away: /);
  assert.deepEqual(await again(() => provider.list()), []);
});

test("a provider that holds memory beside its heap loses its process too", {
  skip: process.platform !== "linux" && "it takes Linux",
}, async (t) => {
  const holds = `async start() {
    for (const held = []; ; await new Promise((next) => setTimeout(next, 10))) {
      if (held.length < 12) held.push(Buffer.alloc(50_000_000, 1));
    }
  },`;
  const { provider } = await harmful(t, holds, { pingEveryMs: 500 });
  const message = /^the provider .*harmful\.js is away: it used \d+ MiB of memory, of at most 512$/;
  await assert.rejects(provider.start(instance, {}, context), { message });
  assert.deepEqual(await again(() => provider.list()), []);
});

test("what nothing in its process catches is told as why that has ended", async (t) => {
  const members =
    'async start() { Promise.reject(new RangeError("nobody\\ncaught me")); await new Promise(() => {}); },';
  const { provider } = await harmful(t, members);
  const message = /its process ended with exit code 1: RangeError: nobody caught me$/;
  await assert.rejects(provider.start(instance, {}, context), { message });
});

test("what is too long for people and for the network is cut, and what the node would stand still for is refused", async (t) => {
  const long = '"x".repeat(20_000_000)';
  const { provider, providers } = await harmful(
    t,
    `start: async () => ({ id: ${long} }),
    list: async () => { throw new Error(${long}); },
    remove: async () => { throw Object.assign(new Error("no"), { code: "invalid_spec", details: [7, null, { path: "a", message: "b" }] }); },
    probe: async () => appeared++ === 0 ? { available: true, version: "1", features: [] } : { available: false, reason: "x".repeat(2_000_000) },`,
  );
  const large = /^its answer has \d+ bytes, of at most 16777216$/;
  await assert.rejects(provider.start(instance, {}, context), { message: large });
  await assert.rejects(provider.list(), { message: "x".repeat(4_096) });
  const details = [{ path: "a", message: "b" }];
  await assert.rejects(provider.remove(instance), { code: "invalid_spec", details });
  const [{ asked } = { asked: "" }] = providers.looks();
  const { capabilities } = await providers.look(asked);
  assert.deepEqual(capabilities, { available: false, reason: "x".repeat(1_000) });
});

test("what a start left in the engine, cut off by a crash, is ended once the provider is back", async (t) => {
  const folder = await tempFolder(t);
  const engine = join(folder, "engine");
  const { provider } = await harmful(
    t,
    `async start(instance, params, { attempt }) {
      appendFileSync(${JSON.stringify(engine)}, "start " + attempt + "\\n");
      if (attempt === 1) process.exit(1);
      return {};
    },
    list: async () => [{ instance: "${instance}", attempt: 1, handle: {} }],
    async adopt() {
      let end;
      const exited = new Promise((resolve) => { end = resolve; });
      const stop = async ({ signal }) => {
        appendFileSync(${JSON.stringify(engine)}, "stop " + signal + "\\n");
        end({ exit: { kind: "signaled", signal }, atMs: 1 });
      };
      return { handle: {}, startedAt: 1, exited, stop, release() {} };
    },
    forget: async (instance, attempt) =>
      appendFileSync(${JSON.stringify(engine)}, "forget " + attempt + "\\n"),`,
  );
  await assert.rejects(provider.start(instance, {}, context));
  await again(() => provider.start(instance, {}, { ...context, attempt: 2 }));
  const done = (await readFile(engine, "utf8")).trim().split("\n");
  assert.deepEqual(done, ["start 1", "stop SIGKILL", "forget 1", "start 2"]);
});

test("an answer that is not what the contract says is an error of that call alone", async (t) => {
  const { provider } = await harmful(
    t,
    `start: async () => ({ pid: null }),
    adopt: async () => ({ handle: { f() {} }, startedAt: 1, exited: Promise.resolve(), stop() {} }),
    list: async () => { process.send(null); process.send({ told: "log", level: "x" }); return 7; },`,
  );
  const byName =
    /^Unavailable: the provider .*harmful\.js breaks its contract: asked to start, it should give a handle/;
  await assert.rejects(provider.start(instance, {}, context), byName);
  await assert.rejects(provider.list(), /list, it should give a list/);
  await assert.rejects(provider.output(instance, context.logs), /lacks read, tail, watch, close$/);
  const found = { instance, attempt: 1, handle: {} };
  await assert.rejects(provider.adopt(found), /its answer is not plain data/);
  assert.ok((await provider.probe()).available);
});

test("an error of the provider's own keeps its code and details", async (t) => {
  const error = 'Object.assign(new Error("no room"), { code: "unavailable" })';
  const { provider } = await harmful(t, `start: async () => { throw ${error}; },`);
  const expected = { code: "unavailable", message: "no room" };
  await assert.rejects(provider.start(instance, {}, context), expected);
});

const wrongModules: readonly { readonly source: string; readonly reason: RegExp }[] = [
  { source: "export const x = ;", reason: /^it cannot be loaded: .*Unexpected/s },
  { source: 'import "no-such-package";', reason: /^it cannot be loaded: .*no-such-package/ },
  { source: "process.exit(3);", reason: /^its process ended with exit code 3$/ },
  { source: "", reason: /^it does not export type, a word like acme, or createProvider, a f/ },
  {
    source: 'export const type = "x"; export const createProvider = 7;',
    reason: /^it does not export createProvider, a function$/,
  },
  {
    source: 'export const type = "x"; export function createProvider() { throw new Error("no"); }',
    reason: /^its createProvider failed: no$/,
  },
  {
    source:
      'export const type = "w"; export const createProvider = () => ({ type, probe() {}, start() {}, list() {}, output() {}, remove() {} });',
    reason: /^its provider lacks parseParams\(\), adopt\(\), forget\(\), close\(\)$/,
  },
  {
    source:
      'exports.type = "z"; exports.createProvider = () => ({ ...require("./whole.cjs")("z"), terminals: true, console: true, stats: 7, invocable: { invoke() {} }, leftovers: {} });',
    reason:
      /^its provider lacks exec\(\), console\(\), stats\(\), invocable.load\(\), leftovers.list\(\), leftovers.remove\(\)$/,
  },
  {
    source: 'exports.type = "bash"; exports.createProvider = () => require("./whole.cjs")();',
    reason: /^its type bash is one of Mob's own$/,
  },
  {
    source: 'exports.type = "y"; exports.createProvider = () => require("./whole.cjs")();',
    reason:
      /breaks its contract: asked to probe, it should give \{ available: true, version, features \}/,
  },
];

test("a module that cannot be used is refused, each with what is wrong", async (t) => {
  const folder = await tempFolder(t);
  const all = "parseParams probe start list adopt output forget remove close".split(" ");
  const methods = all.map((name) => `${name}: async () => {}`).join(", ");
  const whole = `module.exports = (type = module.parent.exports.type) => ({ type, ${methods} });`;
  await writeFile(join(folder, "whole.cjs"), whole);
  const files = await Promise.all(
    wrongModules.map(async ({ source }, i) => {
      const file = join(folder, `wrong-${i}.${source.startsWith("exports") ? "cjs" : "js"}`);
      await writeFile(file, source);
      return file;
    }),
  );
  const missing = join(folder, "missing.js");
  const asked = [...files, missing, "@acme/no-such"];
  const { offered, refused } = offersOf(await openProviders(t, folder, asked));
  assert.deepEqual(offered, []);
  assert.deepEqual(
    refused.map(({ type }) => type),
    asked,
  );
  const reasons = [
    ...wrongModules.map(({ reason }) => reason),
    /^it cannot be loaded: Cannot find module/,
    /^there is no such package where the node was started, or beside Mob$/,
  ];
  for (const [i, reason] of reasons.entries()) assert.match(refused[i]?.reason ?? "", reason);
});

test("of two providers of one type the second is refused", async (t) => {
  const folder = await tempFolder(t);
  const file = await writeBatchProvider(folder);
  await mkdir(join(folder, "other"));
  const other = await writeBatchProvider(join(folder, "other"));
  const { offered, refused } = offersOf(await openProviders(t, folder, [file, other]));
  assert.deepEqual(offered, ["batch"]);
  assert.deepEqual(refused, [{ type: other, reason: "another has its type, batch" }]);
});

test("a provider's process ends with its node, even in an endless loop", {
  skip: process.platform !== "linux" && "it takes Linux",
}, async (t) => {
  const folder = await tempFolder(t);
  const file = join(folder, "loop.js");
  await writeFile(file, "console.log(process.pid); for (;;);");
  const owner = fileURLToPath(new URL("owner-process.ts", import.meta.url));
  const args = ["--import", "tsx", owner, file, folder];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const pid = await new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).once("line", (line) => resolve(Number(line)));
  });
  assert.ok(processAlive(pid));
  child.kill("SIGKILL");
  await eventually(() => !processAlive(pid), "the end of the provider's process");
});

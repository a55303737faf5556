import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { type TestContext, test } from "node:test";
import type { HistoryEntry, ServiceChange } from "../../src/api/watch-shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode, root } from "../support/mob-node.ts";

/** What `mob watch` prints for people. */
function watched(t: TestContext, { lab, port }: MobNode): () => string {
  const child = spawn("./mob", ["watch", "-p", String(port)], { cwd: root, env: lab.env });
  t.after(() => child.kill("SIGKILL"));
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  return () => out;
}

/** `mob watch --json` through a node, and what it has printed. */
class Watching {
  readonly changes: ServiceChange[] = [];
  readonly told: string[] = [];
  err = "";

  constructor(t: TestContext, { lab, port }: MobNode, ...names: readonly string[]) {
    const args = ["watch", ...names, "--json", "-p", String(port)];
    const child = spawn("./mob", args, { cwd: root, env: lab.env });
    t.after(() => child.kill("SIGKILL"));
    let begun = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (begun + text).split("\n");
      begun = lines.pop() ?? "";
      for (const line of lines) this.changes.push(JSON.parse(line));
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.err += text;
    });
  }

  async until(what: string, isIt: (change: ServiceChange) => boolean): Promise<ServiceChange> {
    return eventually(() => this.changes.find(isIt), `${what}; ${this.err}`);
  }
}

const isRunning = (name: string) => (change: ServiceChange) =>
  change.name === name && change.state === "running";

test("a watch goes on through other nodes when the one it goes through is killed", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  const c = await lab.start();
  await a.mob("join", `127.0.0.1:${c.port}`);
  await a.deploy(bash("web", "sleep 1000"));
  const all = new Watching(t, a);
  const two = new Watching(t, a, "web", "db");
  for (const watch of [all, two]) await watch.until("web to run", isRunning("web"));

  await a.crash();
  await eventually(() => all.err.includes("the watch goes on through"), "the watch to move");
  await b.deploy(bash("db", "sleep 1000"));
  await all.until("db to run", isRunning("db"));
  await two.until("db to run, for one who named it", isRunning("db"));

  // Back through the node that was killed, which was told of none of it while it was down.
  await a.start();
  await c.mob("rm", "db");
  await all.until("db to be gone", ({ key, removed }) => key === "spec/db" && removed);
  await b.crash();
  await c.crash();
  await a.deploy(bash("late", "sleep 1000"));
  await all.until("late to run", isRunning("late"));

  const writes = all.changes.map(({ key, stamp }) => `${key} ${stamp}`);
  assert.equal(new Set(writes).size, writes.length, "nothing is told twice");
  assert.deepEqual([...new Set(two.changes.map(({ name }) => name))].sort(), ["db", "web"]);
});

test("a name that was removed and deployed again is told as another creation", async (t) => {
  const node = await (await Lab.open(t)).start();
  const uid = async () => {
    const told = await node.json<HistoryEntry[]>("history", "web");
    return told.find(({ state, kind }) => state === "current" && kind === "spec")?.uid;
  };
  await node.deploy(bash("web", "sleep 1000"));
  const first = await uid();
  assert.match(first ?? "", /^[0-9a-f]{16}$/);
  await node.deploy(bash("web", "sleep 2000"));
  assert.equal(await uid(), first);
  await node.mob("rm", "web");
  await node.deploy(bash("web", "sleep 1000"));
  assert.notEqual(await uid(), first);
});

test("of a service that gets fewer the watch tells which instance nothing is left of", async (t) => {
  const node = await (await Lab.open(t)).start();
  const out = watched(t, node);
  await node.deploy(bash("web", "sleep 1000", { instances: 3 }));
  await eventually(() => /web\/1 {2}running on/.test(out()), "an instance by its name");
  await node.mob("scale", "web", "2");
  await eventually(() => /web\/2 {2}nothing of it is left on /.test(out()), "the end of one");
  await node.mob("rm", "web");
  await eventually(() => out().match(/nothing of it is left/g)?.length === 3, "the end of all");
  const lines = out().trimEnd().split("\n");
  const said = lines.map((line) => line.slice(line.indexOf("  ")));
  assert.equal(new Set(said).size, said.length, out());
});

test("a history tells what holds; of what never was there is none", async (t) => {
  const node = await (await Lab.open(t)).start();
  await node.deploy(bash("web", "sleep 1000"));
  assert.match(await node.mob("history", "web"), /current +spec .*"command":"sleep 1000"/);
  assert.equal((await node.try("history", "db")).code, 3);
  assert.equal((await node.try("watch", "no_name")).code, 2);
});

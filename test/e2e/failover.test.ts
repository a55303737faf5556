import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import type { InstanceView, NodeView } from "../../src/api/shapes.ts";
import type { HistoryEntry } from "../../src/api/watch-shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode, root } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";

const names = ["one", "two", "three", "four"];

/** The services, once all of them run and `isIt` holds. */
function settled(node: MobNode, what: string, isIt: (all: readonly InstanceView[]) => boolean) {
  return eventually(async () => {
    const all = await node.json<InstanceView[]>("ls");
    return all.every(({ state }) => state === "running") && isIt(all) ? all : undefined;
  }, what);
}

const pidOf = ({ handle }: InstanceView): number => Number(handle["pid"]);

test("what ran on a killed node is taken over after its grace, and goes on there, as it runs, when it is back", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  for (const name of names) {
    await a.deploy(bash(name, "exec sleep 1000", { restart_grace: "1s" }));
  }
  const [home = "", other = ""] = (await a.json<NodeView[]>("nodes"))
    .toSorted((one) => (one.address.endsWith(`:${a.port}`) ? -1 : 1))
    .map(({ name }) => name);
  const before = await settled(a, "all to run", (all) => all.length === names.length);
  const lost = before.filter(({ node }) => node === other);
  assert.ok(lost.length > 0 && lost.length < names.length);

  await b.crash();
  const after = await settled(a, "a to have taken over", (all) =>
    all.every(({ node }) => node === home),
  );
  for (const was of before) {
    const is = after.find(({ name }) => name === was.name);
    assert.ok(is !== undefined && processAlive(pidOf(is)));
    if (was.node === home) assert.equal(pidOf(is), pidOf(was), "what a ran itself is untouched");
  }
  await a.deploy(bash("more", "exec sleep 1000"));

  await b.start();
  const isKept = (one: InstanceView) =>
    one.name === "more" || before.some((was) => was.name === one.name && pidOf(was) === pidOf(one));
  const all = await settled(
    b,
    "what has run longest to stay, and what was deployed meanwhile to be told of",
    (told) => told.length === names.length + 1 && told.every(isKept),
  );
  await eventually(() => {
    return after.filter((one) => !isKept(one)).every((one) => !processAlive(pidOf(one)));
  }, "the end of what a had taken over");
  for (const one of all) {
    assert.ok(processAlive(pidOf(one)));
    if (one.name !== "more") {
      assert.equal(one.node, before.find(({ name }) => name === one.name)?.node);
    }
  }
  const [{ name = "" } = {}] = lost;
  const ends = (await a.json<HistoryEntry[]>("history", name)).filter(
    ({ kind }) => kind === "copy",
  );
  const why = `a second copy after the network was whole again; kept the one on ${other} because it has run longer`;
  assert.deepEqual(
    ends.map(({ node, reason }) => [node, reason]),
    [[home, why]],
  );
});

test("who follows a service is given what a node writes that takes an instance over", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  await a.deploy(bash("web", "echo I am $$; exec sleep 1000", { instances: 2 }));
  const before = await settled(a, "both to run", (all) => all.length === 2);
  const lost = before.find(({ node }) => node?.includes(`${b.port}`));
  const following = spawn("./mob", ["logs", "web", "-f", "-p", String(a.port)], {
    cwd: root,
    env: a.lab.env,
  });
  t.after(() => following.kill("SIGKILL"));
  let out = "";
  let err = "";
  following.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  following.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  await eventually(() => before.every((one) => out.includes(`I am ${pidOf(one)}`)), "both");

  await b.crash();
  const after = await settled(
    a,
    "a to have taken over",
    (all) => new Set(all.map(({ node }) => node)).size === 1,
  );
  const taken = after.find(({ slot }) => slot === lost?.slot);
  assert.ok(taken !== undefined && lost !== undefined);
  const line = new RegExp(`^web\\.${taken.slot} \\| I am ${pidOf(taken)}$`, "m");
  await eventually(() => line.test(out), "the line of what was taken over");
  assert.ok(err.includes(`[web.${taken.slot}: is on ${taken.node} now]\n`), err);
});

test("a node that stood still, and was taken for dead, keeps its processes, and what took over ends", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  const b = await lab.start();
  await a.mob("join", `127.0.0.1:${b.port}`);
  for (const name of names) await a.deploy(bash(name, "exec sleep 1000"));
  const before = await settled(a, "all to run", (all) => all.length === names.length);
  process.kill(b.pid, "SIGSTOP");
  const after = await settled(
    a,
    "a to have taken over",
    (all) => new Set(all.map(({ node }) => node)).size === 1,
  ).finally(() => process.kill(b.pid, "SIGCONT"));
  const pids = before.map(pidOf);
  const second = after.map(pidOf).filter((pid) => !pids.includes(pid));
  assert.ok(second.length > 0 && second.length < names.length);
  await eventually(() => !second.some(processAlive), "the end of what took over");
  for (const node of [a, b]) {
    const told = await settled(node, "both to tell the same", (all) =>
      all.every((one) => pids.includes(pidOf(one))),
    );
    assert.equal(told.length, names.length);
  }
  assert.ok(pids.every(processAlive));
});

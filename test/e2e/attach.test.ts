/**
 * `mob attach` as a user has it: two real nodes, attached to one in a real terminal to look into the
 * other, while a service runs there that must not notice.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ActorDetail, RestartedView, SuspendedView } from "../../src/api/actor-shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";
import { noTerminal, Terminal } from "../support/terminal.ts";

const skip = noTerminal();

interface Attached {
  readonly terminal: Terminal;
  /** Attached to, and looked into. */
  readonly near: MobNode;
  readonly far: MobNode;
  readonly farName: string;
}

/** A terminal at a shell on `near`, that means the actors of `far`, where the service `web` runs. */
async function attach(t: TestContext): Promise<Attached> {
  const lab = await Lab.open(t);
  const far = await lab.start();
  const near = await lab.start();
  await near.mob("join", `127.0.0.1:${far.port}`);
  const farName = await nameOf(far);
  const terminal = await Terminal.open(t, lab, `./mob attach -p ${near.port} ${farName}`);
  await terminal.see(new RegExp(`^${farName}> *$`, "m"));
  return { terminal, near, far, farName };
}

async function nameOf(node: MobNode): Promise<string> {
  const nodes = await node.json<{ name: string; address: string }[]>("nodes");
  return nodes.find(({ address }) => address.endsWith(`:${node.port}`))?.name ?? "";
}

/** Deploys `web`, and gives the node that runs it, by name, and the pid of its task. */
async function deployWeb(node: MobNode): Promise<{ on: string; pid: number }> {
  await node.deploy(bash("web", "while :; do date; sleep 1; done"));
  const { node: on, handle } = await node.until("web", "running");
  return { on: on ?? "", pid: Number(handle["pid"]) };
}

test("through one node the actors of another are seen, completed by Tab", { skip }, async (t) => {
  const { terminal, near, farName } = await attach(t);
  const greeting = `attached to ${farName}, through ${await nameOf(near)}, with the role admin`;
  assert.ok((await terminal.screen("-J")).includes(greeting));

  await terminal.type("mob.tree()", "Enter");
  await terminal.see(/^ACTOR.*\nmob +supervisor rest_for_one/m);
  await terminal.see(/├─ controller +worker +running/);
  await terminal.press("C-l");
  await terminal.type('mob.actor("contr', "Tab");
  await terminal.see(/> mob\.actor\("controller$/m);
  await terminal.type('")', "Enter");
  await terminal.see(new RegExp(`^node +${farName}\\npath +mob/supervisor/controller`, "m"));
  await terminal.press("C-l");
  await terminal.type(`mob.tree("${near.port}`, "Tab");
  await terminal.see(new RegExp(`> mob\\.tree\\("${await nameOf(near)}$`, "m"));
  await terminal.type('")', "Enter");
  await terminal.see(/├─ sessions[^\n]*\n[│ ]+└─ 1 +worker[^\n]*session\/1/);
});

test("a trace shows a service being restarted, whose task runs on untouched", {
  skip,
}, async (t) => {
  const { terminal, near } = await attach(t);
  const { pid } = await deployWeb(near);
  await terminal.type('mob.trace("service/web/provider-worker")', "Enter");
  await terminal.see(/tracing mob\/supervisor\/services\/\w+\/provider-worker/);
  await terminal.type('mob.restartActor("service/w', "Tab");
  await terminal.see(/mob\.restartActor\("service\/web$/m);
  await terminal.type('")', "Enter");
  await terminal.see(/restarted on \S+, with all below:/);
  await terminal.see(/service\/web\/provider-worker ended \{ kind: 'shutdown' \}/);
  await terminal.see(/service\/web\/provider-worker started$/m);

  const { state, handle, restarts } = await near.until("web", "running");
  assert.deepEqual({ state, pid: handle["pid"], restarts }, { state: "running", pid, restarts: 0 });
  const detail = await near.json<ActorDetail>("actors", "service/web");
  assert.equal(detail.restarts, 1);
  await terminal.type("mob.untrace()", "Enter");
  await terminal.see(/no longer traced/);
  // Whoever keeps its actors has not lost sight of them.
  await near.mob("rm", "web");
  await eventually(async () => (await near.instance("web")) === undefined, "the end of web");
});

test("the restart of what answers is told, and the shell goes on with the same services", {
  skip,
}, async (t) => {
  const { terminal, near, far, farName } = await attach(t);
  const { pid } = await deployWeb(near);
  for (const [subtree, node] of [
    ["mob/peer", await nameOf(near)],
    ["mob/supervisor", farName],
  ]) {
    // A peer that was restarted connects anew.
    const isReached = async () => (await near.try("actors", "mob", "--of", farName)).code === 0;
    await eventually(isReached, `${farName} to be reached`);
    await terminal.press("C-l");
    await terminal.type(`mob.restartActor("${subtree}", "${node}")`, "Enter");
    await terminal.see(/about to be restarted on/);
    const restarted = async () => {
      const of = ["--of", node ?? ""];
      const { stdout } = await near.try("actors", subtree ?? "", ...of, "--json");
      return stdout !== "" && (JSON.parse(stdout) as ActorDetail).restarts === 1;
    };
    await eventually(restarted, `the restart of ${subtree}`);
  }
  await terminal.press("C-l");
  await terminal.type("mob.services()", "Enter");
  await terminal.see(/^web +0 .*running/m);
  assert.equal(await far.taskPid("web"), pid);
});

test("what a session has suspended goes on when the terminal is closed", { skip }, async (t) => {
  const { terminal, far } = await attach(t);
  await terminal.type('mob.suspend("controller", { seconds: 600 })', "Enter");
  await terminal.see(/mob\/supervisor\/controller on \S+ is suspended/);
  const status = async () => (await far.json<ActorDetail>("actors", "controller")).status;
  assert.equal(await status(), "suspended");
  await terminal.press("C-d");
  await terminal.see(/ended with 0/);
  await eventually(async () => (await status()) === "running", "the end of the suspension");
});

test("the same from the command line, for scripts", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start();
  const { pid } = await deployWeb(node);

  const suspended = await node.json<SuspendedView>(
    "actors",
    "suspend",
    "controller",
    "--for",
    "10m",
  );
  assert.equal(suspended.path, "mob/supervisor/controller");
  assert.match(await node.mob("actors"), /controller +worker +suspended/);
  const tracing = node.mob("actors", "trace", "controller", "--messages", "2", "--json");
  assert.match(await node.mob("actors", "resume", "controller"), /goes on/);
  const traced = (await tracing).trim().split("\n");
  assert.equal(traced.length, 2);
  for (const line of traced) assert.equal(JSON.parse(line).path, "mob/supervisor/controller");

  const { result, paths } = await node.json<RestartedView>("actors", "restart", "service/web");
  assert.deepEqual([result, paths.length], ["restarted", 1]);
  assert.equal(await node.taskPid("web"), pid);

  const refused = await node.try("actors", "suspend", "inspector");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /cannot be suspended: it is what would resume it/);
  assert.equal((await node.try("actors", "restart", "nobody")).code, 3);
  assert.equal((await node.try("attach", "nowhere")).code, 3);
});

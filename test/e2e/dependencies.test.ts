/** What becomes of real tasks when one that they require is restarted, stopped or removed elsewhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";

const forever = "while true; do sleep 1; done";

/** db on one node, and on another what requires it: by default, and ignoring what becomes of it. */
async function deployed(lab: Lab): Promise<readonly [MobNode, MobNode]> {
  const a = await lab.start({ args: ["--label", "on=a"] });
  const b = await lab.start({ args: ["--label", "on=b", "--join", `127.0.0.1:${a.port}`] });
  const on = (label: string) => ({ placement: { constraints: [`label.on == ${label}`] } });
  await b.deploy(bash("web", forever, { requires: ["db"], ...on("b") }));
  const deaf = { requires: ["db"], on_dependency_down: "ignore", ...on("b") };
  await b.deploy(bash("deaf", forever, deaf));
  await a.deploy(bash("db", forever, on("a")));
  return [a, b];
}

/** Waits until `web` runs as another process than `before`. */
function another(node: MobNode, before: number): Promise<number> {
  return eventually(async () => {
    const web = await node.instance("web");
    const pid = Number(web?.handle["pid"]);
    return web?.state === "running" && pid !== before && pid;
  }, "another task of web");
}

test("what requires a service is restarted with it, goes down with it, and comes back with it", async (t) => {
  const [a, b] = await deployed(await Lab.open(t));
  const [first, deaf] = [await b.taskPid("web"), await b.taskPid("deaf")];
  process.kill(await a.taskPid("db"), "SIGKILL");
  const second = await another(b, first);
  await b.mob("stop", "db");
  const waiting = await b.until("web", "pending");
  assert.equal(waiting.reason, "waits for db (is stopped)");
  await a.mob("start", "db");
  await another(b, second);
  assert.equal(await b.taskPid("deaf"), deaf);
});

test("a node that is killed and comes back restarts nothing of what requires its services", async (t) => {
  const [a, b] = await deployed(await Lab.open(t));
  const [web, db] = [await b.taskPid("web"), await a.taskPid("db")];
  await a.crash();
  await b.until("db", "running"); // Its node is away; its task runs on.
  await a.start({ args: ["--label", "on=a"] });
  assert.equal(await a.taskPid("db"), db);
  await b.crash();
  await b.start({ args: ["--label", "on=b"] });
  assert.equal(await b.taskPid("web"), web);
  await a.mob("restart", "db");
  await another(b, web);
});

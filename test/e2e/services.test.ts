import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { DeployResult, PlanResult } from "../../src/api/results.ts";
import type { InstanceView, NodeView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";

const forever = "while true; do sleep 1; done";

test("a service deployed through one node runs on the one that offers its provider", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start({ providers: "docker" });
  const b = await lab.start();
  await a.mob("join", `127.0.0.1:${b.port}`);
  await a.deploy(bash("web", forever));
  const web = await a.until("web", "running");
  assert.match(web.node ?? "", new RegExp(`^${b.port}@`));
  assert.ok(processAlive(Number(web.handle["pid"])));
});

test("both nodes tell the same of nodes and services", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  await a.deploy(bash("web", forever));
  await b.deploy(bash("api", forever));
  const told = await eventually(async () => {
    const [onA, onB] = [await a.json<InstanceView[]>("ls"), await b.json<InstanceView[]>("ls")];
    return JSON.stringify(onA) === JSON.stringify(onB) && onA.length === 2 ? onA : undefined;
  }, "the same list of services on both nodes");
  assert.deepEqual(
    told.map(({ name, state }) => `${name} ${state}`),
    ["api running", "web running"],
  );
  assert.deepEqual(await a.json<NodeView[]>("nodes"), await b.json<NodeView[]>("nodes"));
  const [api] = told;
  assert.deepEqual(await a.json<InstanceView[]>("ls", "api", "api/0"), [api]);
  const nobody = await b.try("ls", "api", "nobody");
  assert.equal(nobody.code, 3);
  assert.match(nobody.stderr, /there is no service nobody/);
});

test("logs come from the other node, and are followed as they are written", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start({ providers: "docker" });
  const b = await lab.start();
  await a.mob("join", `127.0.0.1:${b.port}`);
  const command = `echo first; until [ -e "${lab.home}/go" ]; do sleep 0.05; done; echo second; ${forever}`;
  await a.deploy(bash("web", command));
  await eventually(async () => (await a.mob("logs", "web")) === "first\n", "the first line");
  const following = a.try("logs", "web", "-f");
  await b.mob("deploy", JSON.stringify(bash("go", `touch "${lab.home}/go"`, { restart: "none" })));
  await eventually(async () => (await a.mob("logs", "web")).includes("second"), "the second line");
  await a.mob("rm", "web");
  assert.equal((await following).stdout, "first\nsecond\n");
});

test("stop, start, restart and rm work from either node", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  await a.deploy(bash("web", forever));
  const first = await b.taskPid("web");
  await b.mob("stop", "web");
  assert.equal((await a.instance("web"))?.state, "stopped");
  await eventually(() => !processAlive(first), "the end of the task");
  await a.mob("start", "web");
  const second = await b.taskPid("web");
  await b.mob("restart", "web");
  const third = await a.taskPid("web");
  assert.equal(new Set([first, second, third]).size, 3);
  await a.mob("rm", "web");
  assert.deepEqual(await b.json("ls"), []);
  await eventually(() => !processAlive(third), "the end of the task");
  assert.equal((await a.try("show", "web")).code, 3);
});

test("a killed task is started again, at once at first and then later", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  await a.deploy(bash("web", forever, { restart: { delay: "1h", max: "1h" } }));
  const first = await a.taskPid("web");
  process.kill(first, "SIGKILL");
  const again = await eventually(async () => {
    const web = await a.instance("web");
    return web?.state === "running" && web.handle["pid"] !== first ? web : undefined;
  }, "another task");
  assert.equal(again.restarts, 1);
  assert.deepEqual(again.exit, { signal: "SIGKILL" });
  process.kill(Number(again.handle["pid"]), "SIGKILL");
  const waiting = await a.until("web", "backing-off");
  assert.equal(waiting.restarts, 1);
});

test("a task that fails more often than its intensity allows is failed, and says why", async (t) => {
  const a = await (await Lab.open(t)).start();
  const restart = { delay: "10ms", max: "10ms", intensity: { restarts: 2, within: "5m" } };
  await a.try("deploy", JSON.stringify(bash("web", "exit 3", { restart }))); // Failed by then: exit code 1.
  const web = await a.until("web", "failed");
  assert.equal(web.restarts, 2);
  assert.deepEqual(web.exit, { code: 3 });
  assert.match(web.reason ?? "", /exited with code 3; gave up after 2 restarts within 300 s/);
});

test("a job that ended well is done, and one that a signal ended is restarted on_error", async (t) => {
  const a = await (await Lab.open(t)).start();
  await a.deploy(bash("job", "exit 0", { restart: "none" }));
  await a.deploy(
    bash("web", `kill -KILL $$`, { restart: { policy: "on_error", delay: "1h", max: "1h" } }),
  );
  await a.until("job", "done");
  assert.equal((await a.until("web", "backing-off")).restarts, 1);
});

test("stop ends the whole tree, a grandchild with a session of its own included", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  const stubborn = `trap "" TERM; while true; do sleep 1; done`;
  const command = `setsid bash -c '${stubborn}' & (setsid sleep 1000 &) ; ${forever}`;
  await a.deploy(bash("web", command, { stop: { grace: "300ms" }, env: { OF: "web" } }));
  await eventually(() => lab.processes("OF=web").length >= 4, "the whole tree");
  await a.mob("stop", "web");
  await eventually(() => lab.processes("OF=web").length === 0, "all of the task to be gone");
});

test("requires is honoured across nodes, whatever the order of deploys", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  await a.deploy(bash("web", forever, { requires: ["api"] }));
  const waiting = await b.until("web", "pending");
  assert.match(waiting.reason ?? "", /waits for api \(is not deployed\)/);
  await b.deploy(bash("api", forever, { requires: ["db"] }));
  assert.match((await a.until("web", "pending")).reason ?? "", /waits for api \(is pending\)/);
  await a.deploy(bash("db", forever));
  const [db, api, web] = [
    await b.until("db", "running"),
    await b.until("api", "running"),
    await b.until("web", "running"),
  ];
  assert.ok(db.since <= api.since && api.since <= web.since);
});

test("a cycle of dependencies is refused, and changes nothing", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  await a.deploy(bash("web", forever, { requires: ["api"] }));
  const refused = await b.try(
    "deploy",
    JSON.stringify(bash("api", forever, { requires: ["web"] })),
  );
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /api → web → api/);
  assert.equal(await a.instance("api"), undefined);
});

test("a deploy of an existing name updates it, and an unchanged one says so", async (t) => {
  const a = await (await Lab.open(t)).start();
  const deploy = async (spec: object) => {
    const [result] = await a.json<DeployResult[]>("deploy", JSON.stringify(spec));
    return `${result?.result} ${result?.generation}`;
  };
  assert.equal(await deploy(bash("web", forever)), "created 1");
  const first = await a.taskPid("web");
  assert.equal(await deploy(bash("web", forever)), "unchanged 1");
  assert.equal(await a.taskPid("web"), first);
  assert.equal(await deploy(bash("web", `${forever} # changed`)), "updated 2");
  assert.notEqual(await a.taskPid("web"), first);
  assert.ok(!processAlive(first));
});

test("a plan tells what its deploy then does, and does nothing itself", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  const spec = JSON.stringify(bash("web", forever));
  const [planned] = await a.json<PlanResult[]>("plan", spec);
  assert.deepEqual([planned?.result, planned?.instances[0]?.action], ["created", "place"]);
  assert.deepEqual(await a.json("ls"), []);
  await b.mob("deploy", spec);
  const web = await a.until("web", "running");
  assert.equal(web.node, planned?.instances[0]?.node);
  assert.match(
    await a.mob("plan", spec),
    /^web: unchanged, .*\n.*\n +web +0 +keep +\S+ +it is there/,
  );
});

test("deploys of one name at the same moment from two nodes end in one service", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  const deploys = [a, b, a, b].map((node, i) =>
    node.try("deploy", JSON.stringify(bash("web", `echo ${i}; ${forever}`))),
  );
  for (const { code, stderr } of await Promise.all(deploys)) assert.equal(code, 0, stderr);
  const pid = await a.taskPid("web");
  await eventually(async () => (await b.taskPid("web")) === pid, "both to agree on the task");
  // The nodes, the task and its shim, and at each node the nursery and the shim that waits: no other task.
  await eventually(() => lab.processes().length <= 8, "one task alone");
});

test("a bad spec tells every error with its path, and changes nothing", async (t) => {
  const a = await (await Lab.open(t)).start();
  const bad = { nam: "web", name: "Web", provider: "bash", params: { comand: "x" }, requires: 3 };
  const { code, stderr } = await a.try("deploy", JSON.stringify(bad), "--json");
  assert.equal(code, 2);
  const { error } = JSON.parse(stderr) as {
    error: { details: { path: string; message: string }[] };
  };
  const paths = error.details.map(({ path }) => path);
  for (const path of ["nam", "name", "requires"]) assert.ok(paths.includes(path), paths.join());
  assert.match(stderr, /did you mean `?name/);
  const unparsed = await a.try("deploy", JSON.stringify(bash("web", "x", { secrets: [] })));
  assert.equal(unparsed.code, 2);
  assert.match(unparsed.stderr, /secrets: .*later/);
  const params = await a.try(
    "deploy",
    JSON.stringify({ ...bash("web", "x"), params: { comand: "x" } }),
  );
  assert.equal(params.code, 2);
  assert.match(params.stderr, /params\.comand/);
  assert.deepEqual(await a.json("ls"), []);
});

test("a task gets its environment, and its script is on no command line", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  const secret = "echo $GREETING; : hush-hush";
  await a.deploy(bash("web", `${secret}; ${forever}`, { env: { GREETING: "good morning" } }));
  const pid = await a.taskPid("web");
  await eventually(async () => (await a.mob("logs", "web")) === "good morning\n", "its greeting");
  for (const each of [pid, ...lab.processes()]) {
    assert.doesNotMatch(readFileSync(`/proc/${each}/cmdline`, "utf8"), /hush-hush/);
  }
});

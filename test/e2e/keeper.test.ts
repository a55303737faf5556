import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { bash, Lab } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";

/** Counts from 1 on, a line each, some hundred a second. */
const counting = "n=0; while true; do n=$((n+1)); echo $n; sleep 0.01; done";

test("kill -9 of the node leaves its services running, and it takes them over again", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start();
  await node.deploy(bash("web", counting));
  const before = await node.until("web", "running");
  const pid = Number(before.handle["pid"]);
  await node.crash();
  assert.ok(processAlive(pid));
  await node.start();
  const after = await node.until("web", "running");
  assert.equal(Number(after.handle["pid"]), pid);
  assert.equal(after.restarts, 0);
  assert.equal(after.since, before.since);
});

test("its logs have no gap over the crash of the node", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start();
  await node.deploy(bash("web", counting));
  const lines = async () => (await node.mob("logs", "web", "-n", "all")).trimEnd().split("\n");
  await eventually(async () => (await lines()).length > 20, "some lines");
  await node.crash();
  const { length } = await eventually(async () => lab.processes(), "the task");
  assert.ok(length > 0);
  await node.start();
  const seen = (await lines()).length;
  const all = await eventually(async () => {
    const now = await lines();
    return now.length > seen + 20 ? now : undefined;
  }, "more lines");
  assert.deepEqual(
    all,
    all.map((_line, i) => String(i + 1)),
  );
});

test("a task that ended while the node was down tells its exit, and its policy acts on it", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start();
  const command = `until [ -e "${lab.home}/go" ]; do sleep 0.02; done; exit 7`;
  const restart = {
    policy: "on_error",
    delay: "1h",
    max: "1h",
    intensity: { restarts: 1, within: "1h" },
  };
  await node.deploy(bash("job", command, { restart: "none" }));
  await node.deploy(bash("web", command, { restart }));
  const pids = [await node.taskPid("job"), await node.taskPid("web")];
  await node.crash();
  writeFileSync(`${lab.home}/go`, "");
  await eventually(() => pids.every((pid) => !processAlive(pid)), "the end of both tasks");
  await node.start();
  const job = await node.until("job", "failed");
  assert.deepEqual(job.exit, { code: 7 });
  // Restarted at once by its policy, it exits with 7 again, and may not be restarted once more.
  const web = await node.until("web", "failed");
  assert.equal(web.restarts, 1);
  assert.deepEqual(web.exit, { code: 7 });
});

test("a service removed while its node was down is stopped when it is back", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start({ providers: "docker" });
  const b = await lab.start();
  await a.mob("join", `127.0.0.1:${b.port}`);
  await a.deploy(bash("web", counting));
  const pid = await a.taskPid("web");
  await b.crash();
  await a.mob("rm", "web");
  assert.ok(processAlive(pid));
  await b.start();
  await eventually(() => !processAlive(pid), "the end of the removed service");
  assert.deepEqual(await b.json("ls"), []);
});

test("stopping the node says which services run on, and how to stop them", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start();
  await node.deploy(bash("web", counting));
  const pid = await node.taskPid("web");
  assert.equal(await node.stop(), 0);
  assert.match(node.printed, /its service runs on without it: web/);
  assert.match(node.printed, new RegExp(`mob stop -p ${node.port} web`));
  assert.ok(processAlive(pid));
});

test("a task that writes faster than anyone reads leaves the node answering", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start();
  await node.deploy(bash("loud", "exec yes some words that are written all the time"));
  const pid = await node.taskPid("loud");
  for (let i = 0; i < 5; i++) assert.equal((await node.instance("loud"))?.state, "running");
  assert.equal(await node.taskPid("loud"), pid);
  const tail = await node.mob("logs", "loud", "-n", "3");
  assert.match(tail, /^(some words that are written all the time\n){3}/);
});

test("neither a task nor its health check has a descriptor of the node's", async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start();
  const file = (name: string) => join(lab.home, name);
  /** Writes what the shell that runs it has open, and then `listed`. */
  const list = (name: string) =>
    `(cd /proc/self/fd; for fd in *; do readlink $fd; done; echo listed) >${file(name)}`;
  const health = { exec: { command: ["bash", "-c", list("check")] }, interval: "1s" };
  await node.deploy(bash("web", `${list("task")}; exec sleep 1000`, { health }));
  for (const name of ["task", "check"]) {
    const text = await eventually(async () => {
      const written = await readFile(file(name), "utf8").catch(() => "");
      return written.includes("listed") && written;
    }, `what is open in the ${name}`);
    const open = text.split("\n").filter((path) => path.startsWith(node.dataFolder));
    assert.deepEqual(
      open.filter((path) => !path.endsWith("/output")),
      [],
    );
  }
});

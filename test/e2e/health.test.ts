/** Health checks of real tasks on real nodes. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createClient } from "../../src/client/client.ts";
import { eventually } from "../support/eventually.ts";
import { bash, freePort, Lab, type MobNode } from "../support/mob-node.ts";

const forever = "while true; do sleep 1; done";
/** Soon known, and soon given up. */
const quick = { interval: "200ms", retries: 2, start_period: "60s" };
/** Given up as soon, from its start on. */
const impatient = { ...quick, start_period: "0s" };

/** Answers 200, or 503 as long as the file `sick` is there. */
function server(port: number, sick: string): string {
  const script = `require("http").createServer((_, answer) => {
    answer.writeHead(require("fs").existsSync(${JSON.stringify(sick)}) ? 503 : 200).end();
  }).listen(${port}, "127.0.0.1")`;
  return `exec '${process.execPath}' -e '${script}'`;
}

function healthy(node: MobNode, name: string, wanted: boolean | null = true) {
  return eventually(async () => {
    const instance = await node.instance(name);
    return instance?.state === "running" && instance.healthy === wanted && instance;
  }, `${name} to run with health ${wanted}`);
}

test("a server that falls ill is ended and restarted, and all who show it tell running from healthy", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  const [port, sick] = [await freePort(), join(lab.home, "sick")];
  const health = { http: { port, path: "/up" }, ...impatient, interval: "1s" };
  await a.deploy(bash("web", server(port, sick), { health }));
  const first = await healthy(b, "web");
  assert.match(await b.mob("ls"), /web .*running +healthy/);
  writeFileSync(sick, "");
  const reason = await eventually(async () => {
    const web = await a.instance("web");
    return (web?.restarts ?? 0) > 0 && web?.state === "backing-off" && web.reason;
  }, "a restart that does not help");
  assert.match(reason, /unhealthy: .*http port \d+ \/up: answered 503/);
  rmSync(sick);
  const second = await healthy(a, "web");
  assert.notEqual(second.handle["pid"], first.handle["pid"]);
  const until = new AbortController();
  assert.deepEqual(await watched(a, until.signal), { state: "running", healthy: true });
  until.abort();
  const why =
    /last ended with SIGTERM: \d+ failed health checks in a row, http port \d+ \/up: answered 503/;
  assert.match(await b.mob("ls"), why);
  assert.match(await b.mob("show", "web"), why);
  assert.match(await b.mob("show", "web"), /running +healthy/);
});

test("why a check fails is told: the status, the refusal, the output of the command", async (t) => {
  const a = await (await Lab.open(t)).start();
  const port = await freePort();
  const check = "echo the disk is full; exit 3";
  await Promise.all([
    a.deploy(bash("refused", forever, { health: { tcp: { port }, ...quick } })),
    a.deploy(bash("full", forever, { health: { exec: { command: check }, ...quick } })),
    a.deploy(
      bash("slow", forever, {
        health: { exec: { command: "sleep 1000" }, ...quick, timeout: "100ms" },
      }),
    ),
  ]);
  const reasons = await eventually(async () => {
    const names = ["refused", "full", "slow"];
    const all = await Promise.all(names.map((name) => a.instance(name)));
    const told = all.map((one) => one?.reason ?? "");
    return told.every((reason) => reason.includes("not healthy yet")) && told;
  }, "three reasons");
  assert.match(reasons[0] ?? "", new RegExp(`tcp port ${port}: connection refused`));
  assert.match(reasons[1] ?? "", /exec echo .*: exited with code 3: the disk is full/);
  assert.match(reasons[2] ?? "", /exec sleep 1000: no answer within 100ms/);
});

test("a child that was deployed first starts once its parent on another node is healthy", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start({ args: ["--label", "on=a"] });
  const b = await lab.start({ args: ["--label", "on=b", "--join", `127.0.0.1:${a.port}`] });
  const on = (label: string) => ({ placement: { constraints: [`label.on == ${label}`] } });
  const ready = join(lab.home, "ready");
  await b.mob("deploy", JSON.stringify(bash("web", forever, { requires: ["db"], ...on("b") })));
  const check = { exec: { command: ["test", "-e", ready] } };
  const db = bash("db", forever, { health: { ...check, ...quick }, ...on("a") });
  const deployed = a.deploy(db);
  await eventually(async () => {
    const web = await b.instance("web");
    return web?.reason?.includes("db (is running, and not healthy yet)");
  }, "web to wait for the health of db");
  writeFileSync(ready, "");
  await deployed;
  await healthy(a, "db");
  await b.until("web", "running");
});

test("a node that was killed and is back goes on with the checks of what runs", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  const sick = join(lab.home, "sick");
  const health = { exec: { command: `test ! -e '${sick}'` }, ...quick };
  await a.deploy(bash("web", forever, { health }));
  const before = await healthy(a, "web");
  await a.crash();
  await a.start();
  const after = await healthy(a, "web");
  assert.deepEqual([after.handle, after.restarts], [before.handle, 0]);
  writeFileSync(sick, "");
  await eventually(async () => ((await a.instance("web"))?.restarts ?? 0) > 0, "a restart");
});

/** What a watch tells of `web`, once that runs. */
async function watched(node: MobNode, signal: AbortSignal): Promise<object> {
  const client = createClient(node.endpoint);
  try {
    for await (const changes of await client.watch({ services: ["web"] }, signal)) {
      const found = changes.find(({ kind, state }) => kind === "status" && state === "running");
      if (found !== undefined) return { state: found.state, healthy: found.healthy };
    }
    throw new Error("the watch ended");
  } finally {
    client.close();
  }
}

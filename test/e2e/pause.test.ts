/** Pausing services on real nodes, and having them go on. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { bash, Lab } from "../support/mob-node.ts";

const forever = "while true; do sleep 1; done";
/** Given up a few seconds after it stops to answer: what goes on has as long for its first answer, on a busy machine too. */
const impatient = { interval: "200ms", timeout: "10s", retries: 10, start_period: "0s" };

const counting = (file: string) =>
  `n=0; while :; do n=$((n + 1)); echo $n >${file}; sleep 0.05; done`;

async function refused(work: Promise<string>): Promise<string> {
  return await work.then(
    () => assert.fail("it was not refused"),
    (error: unknown) => String(error),
  );
}

function count(file: string): number {
  return Number(readFileSync(file, "utf8"));
}

test("what is paused stands still on whatever node it is, over a crash of that node, and is not restarted for its health", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  const file = join(lab.home, "count");
  const alive = join(lab.home, "alive");
  // It is healthy as long as it touches a file.
  const script = `while :; do touch ${alive}; sleep 0.05; done & ${counting(file)}`;
  const check = `test -n "$(find ${alive} -newermt '-2 seconds')"`;
  const nodes = await a.json<{ name: string; address: string }[]>("nodes");
  const nameOfB = nodes.find(({ address }) => address.endsWith(`:${b.port}`))?.name;
  const placement = { constraints: [`node.name == ${nameOfB}`] };
  const health = { exec: { command: check }, ...impatient };
  await a.deploy(bash("web", script, { health, placement }));
  const before = await eventually(async () => {
    const web = await a.instance("web");
    return web?.state === "running" && web.healthy === true && web;
  }, "web to be healthy");

  assert.match(await a.mob("pause", "web"), new RegExp(`web +0 +${nameOfB} +paused`));
  const stood = count(file);
  assert.match(await b.mob("ls"), /web .* paused +healthy/);
  assert.match(await a.mob("pause", "web/0"), /unchanged/);
  const exec = ["-p", String(b.port), "exec", "web", "--", "true"];
  assert.match((await lab.run("./mob", exec)).stderr, /it is paused/);

  await b.crash();
  await b.start();
  const back = await eventually(async () => {
    const web = await b.instance("web");
    return web?.pausedSince !== undefined && web;
  }, "web to be found paused");
  const known = await eventually(async () => {
    const web = await a.instance("web");
    return web?.reason === undefined && web?.pausedSince !== undefined && web;
  }, "the other node to hear of it");
  assert.equal(known.pausedSince, back.pausedSince);
  await b.deploy(bash("clock", "sleep 6", { restart: "none", placement }));
  await b.until("clock", "done"); // Longer than a check needs to give it up.
  assert.equal(count(file), stood);

  assert.match(await a.mob("resume", "web"), /resumed/);
  await eventually(() => count(file) > stood, "it to go on");
  assert.match(await a.mob("resume", "web"), /unchanged/);
  await eventually(async () => (await a.instance("web"))?.healthy === true, "a healthy web");
  const after = await a.instance("web");
  assert.deepEqual([after?.handle, after?.restarts], [before.handle, before.restarts]);
  assert.equal(after?.pausedSince, undefined);
  assert.match(await a.mob("ls"), /web .* running +healthy/);
});

test("what is paused is no endpoint, ends by its signal, and its successor is not paused", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  const told = join(lab.home, "told");
  const script = `trap 'touch ${told}; exit 0' TERM; while :; do sleep 0.05; done`;
  await a.deploy(bash("web", script, { ports: { http: 0 } }));
  await a.until("web", "running");
  assert.match(await a.mob("endpoints", "web"), /http/);
  await a.mob("pause", "web");
  assert.doesNotMatch(await a.mob("endpoints", "web"), /http/);
  await a.mob("restart", "web");
  const next = await a.until("web", "running");
  assert.equal(next.pausedSince, undefined);
  assert.ok(readFileSync(told, "utf8") === "");
});

test("a group is paused as one, and what cannot be is named with why, before anything is done", async (t) => {
  const a = await (await Lab.open(t)).start({ providers: "bash,lambda" });
  const services = [bash("db", forever), bash("api", forever)];
  await a.deploy({ name: "shop", services });
  const handler = "exports.handler = () => 1;";
  await a.deploy({ name: "hello", provider: "lambda", params: { code: handler } });
  await a.deploy(bash("off", forever));
  await a.mob("stop", "off");
  await eventually(async () => (await a.instance("hello"))?.state === "running", "hello to run");
  assert.match(await refused(a.mob("pause", "shop", "off")), /off\/0 does not run: it is stopped/);
  assert.match(
    await refused(a.mob("pause", "shop", "hello")),
    /hello\/0 cannot be paused by lambda/,
  );
  assert.match(await refused(a.mob("pause", "nothing")), /there is no service nothing/);
  assert.doesNotMatch(await a.mob("ls"), /paused/);
  const paused = await a.mob("pause", "shop");
  assert.match(paused, /shop\/api +0 .* paused/);
  assert.match(paused, /shop\/db +0 .* paused/);
  await a.mob("resume", "shop/db/0");
  assert.equal((await a.instance("shop/db"))?.pausedSince, undefined);
  assert.notEqual((await a.instance("shop/api"))?.pausedSince, undefined);
  assert.match(
    readFileSync(join(a.dataFolder, "audit.log"), "utf8"),
    /"what":"pause".*"detail":"shop"/,
  );
});

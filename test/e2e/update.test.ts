import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointView, InstanceView, ServiceDetail } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, Lab, type MobNode } from "../support/mob-node.ts";

/** For how long one that is to end serves on. */
const delayMs = 20_000;
/** Answers with its version, at the port that its node chose. */
const server = `require("node:http").createServer((_, answer) => answer.end(process.env.V)).listen(process.env.PORT_HTTP, "127.0.0.1")`;

function web(version: string, more: object = {}): object {
  return {
    name: "web",
    provider: "bash",
    params: { command: `exec '${process.execPath}' -e '${server}'` },
    env: { V: version },
    instances: 10,
    ports: { http: 0 },
    health: { http: { port: "http" }, interval: "1s", start_period: "2m" },
    update: { parallel: 5, healthy_for: "2s", deadline: "4m" },
    stop: { delay: `${delayMs}ms` },
    ...more,
  };
}

async function instances(node: MobNode): Promise<readonly InstanceView[]> {
  return (await node.json<ServiceDetail>("show", "web")).instances;
}

function allHealthy(node: MobNode) {
  return eventually(
    async () => {
      const all = await instances(node);
      return all.length === 10 && all.every(({ healthy }) => healthy === true) && all;
    },
    "ten healthy instances",
    240_000,
  );
}

/** Asks every instance at the address that is told, once; whoever takes half of the delay for it asks again. */
async function askAll(node: MobNode): Promise<readonly string[]> {
  const answers: string[] = [];
  const askedAt = performance.now();
  for (const { address } of await node.json<EndpointView[]>("endpoints", "web")) {
    try {
      answers.push(await (await fetch(`http://${address}/`)).text());
    } catch (error) {
      if (performance.now() - askedAt < delayMs / 2) throw error;
    }
  }
  return answers;
}

test("an update of ten instances is not seen by who asks each in turn, and one that fails is undone", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  await a.deploy(web("1"));
  await allHealthy(a);
  let rounds = 0;
  const asked = eventually(
    async () => {
      const answers = await askAll(b);
      rounds++;
      return answers.length === 10 && answers.every((version) => version === "2");
    },
    "the second version everywhere",
    240_000,
  );
  await Promise.all([b.deploy(web("2")), asked]);
  assert.ok(rounds > 1);

  const before = (await allHealthy(a)).map(({ handle }) => handle["pid"]);
  const broken = { params: { command: "exit 7" } };
  const third = web("3", { ...broken, update: { parallel: 2, deadline: "5s" } });
  await a.try("deploy", JSON.stringify(third)); // Told as failed, if that is known before its answer.
  const detail = await eventually(
    async () => {
      const now = await a.json<ServiceDetail>("show", "web");
      return now.generation === 4 && now;
    },
    "the rollback",
    240_000,
  );
  assert.deepEqual((detail.spec as { env: unknown }).env, { V: "2" });
  const after = (await allHealthy(b)).map(({ handle }) => handle["pid"]);
  assert.ok(after.filter((pid) => before.includes(pid)).length >= 8, "eight were never touched");
  assert.match(await a.mob("history", "web"), /rolled back \(no instance more of the new version/);
});

test("a deploy that answers before its update is over says what has not had its turn, and how to follow it", async (t) => {
  const node = await (await Lab.open(t)).start();
  const web = (version: string) => ({
    ...bash("web", "exec sleep 1000"),
    env: { V: version },
    instances: 2,
    update: { healthy_for: "10m", deadline: "20m" },
  });
  await node.deploy(web("1"));
  const { code, stdout, stderr } = await node.try("deploy", JSON.stringify(web("2")));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^web: updated, generation 2.*\n {2}not yet as wanted: web\/[01]\n$/s);
  assert.match(stderr, /mob watch web/);
  await node.mob("rm", "web");
});

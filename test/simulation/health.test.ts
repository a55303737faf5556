import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSpec } from "../../src/core/errors.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { instanceOf } from "./told.ts";

const health = { tcp: { port: 80 }, interval: "2s", start_period: "5s" };

/** Two nodes that have joined. */
async function pair(): Promise<Simulation> {
  const simulation = new Simulation({ seed: 3, machines: ["a", "b"] });
  await simulation.start("a");
  await simulation.start("b");
  await simulation.ask("b", (node) => node.join("a:6666"));
  return simulation;
}

function told(simulation: Simulation, name: string) {
  const { state, healthy, restarts, reason } = instanceOf(simulation, "b", name);
  return { state, healthy, restarts, reason };
}

test("what requires a service waits until that is healthy, and not only until it runs", async () => {
  const simulation = await pair();
  const params = { port: 80, readyMs: 4_000 };
  const db = { name: "db", provider: "virtual", params, health };
  const web = { name: "web", provider: "virtual", requires: ["db"] };
  const deployed = simulation.begin("a", (node) => node.deploy([web, db]));
  await simulation.run(2_000);
  assert.deepEqual(
    [told(simulation, "db").state, told(simulation, "db").healthy],
    ["running", null],
  );
  assert.match(told(simulation, "db").reason ?? "", /not healthy yet: tcp port 80: connection ref/);
  assert.match(
    told(simulation, "web").reason ?? "",
    /waits for db \(is running, and not healthy yet/,
  );
  await simulation.run(6_000);
  assert.deepEqual(
    [told(simulation, "db").state, told(simulation, "db").healthy],
    ["running", true],
  );
  assert.deepEqual(
    [told(simulation, "web").state, told(simulation, "web").healthy],
    ["running", null],
  );
  assert.ok(deployed.outcome !== undefined && "value" in deployed.outcome);
  const [, ofDb] = deployed.outcome.value;
  assert.equal(ofDb?.instances[0]?.healthy, true, "a deploy is answered once it is healthy");
});

test("what falls ill is ended and started again, later and later, and says why", async () => {
  const simulation = await pair();
  const params = { port: 80, sickMs: 10_000 };
  await simulation.ask("a", (node) =>
    node.deploy([{ name: "db", provider: "virtual", params, health }]),
  );
  assert.equal(told(simulation, "db").healthy, true);
  await simulation.run(17_000);
  assert.deepEqual([told(simulation, "db").restarts, told(simulation, "db").healthy], [1, true]);
  await simulation.run(17_000);
  const { restarts, exit } = instanceOf(simulation, "b", "db");
  assert.equal(restarts, 2);
  assert.deepEqual(exit && { ...exit, atMs: 0 }, {
    kind: "signaled",
    signal: "SIGTERM",
    byMob: true,
    why: "3 failed health checks in a row, tcp port 80: connection refused",
    atMs: 0,
  });
  assert.deepEqual(simulation.violations, []);
});

test("a node that comes back goes on with the health that was known, and with its checks", async () => {
  const simulation = await pair();
  const params = { port: 80, sickMs: 20_000 };
  const placement = { constraints: ["node.name == a"] };
  const db = { name: "db", provider: "virtual", params, health, placement };
  await simulation.ask("a", (node) => node.deploy([db]));
  await simulation.run(3_000); // It is known on both nodes.
  simulation.crash("a");
  await simulation.start("a", ["b:6666"]);
  await simulation.run(3_000);
  assert.deepEqual([told(simulation, "db").restarts, told(simulation, "db").healthy], [0, true]);
  await simulation.run(20_000);
  assert.equal(told(simulation, "db").restarts, 1);
});

test("checks are told when a deploy changes them, begin when it adds and end when it takes them away", async () => {
  const simulation = await pair();
  const deploy = (more: object) =>
    simulation.ask("a", (node) =>
      node.deploy([
        { name: "db", provider: "virtual", params: { port: 80, sickMs: 9_000 }, ...more },
      ]),
    );
  await deploy({});
  assert.equal(told(simulation, "db").healthy, null);
  await deploy({ health });
  assert.equal(told(simulation, "db").healthy, true);
  await deploy({});
  await simulation.run(30_000);
  assert.deepEqual([told(simulation, "db").restarts, told(simulation, "db").state], [0, "running"]);
});

test("a crash of what checks is made good", async () => {
  const simulation = await pair();
  const params = { port: 80, sickMs: 15_000 };
  await simulation.ask("a", (node) =>
    node.deploy([{ name: "db", provider: "virtual", params, health }]),
  );
  for (const machine of ["a", "b"]) {
    const checker = simulation
      .actorNames(machine)
      .find((name) => name.startsWith("health-checker"));
    if (checker !== undefined) simulation.kill(machine, checker);
  }
  await simulation.run(25_000);
  assert.equal(told(simulation, "db").restarts, 1);
  assert.deepEqual(simulation.violations, []);
});

test("a check by a command is refused where the provider runs none", async () => {
  const simulation = await pair();
  const spec = { name: "db", provider: "virtual", health: { exec: { command: "true" } } };
  await assert.rejects(
    simulation.ask("a", (node) => node.deploy([spec])),
    (error) => {
      assert.ok(error instanceof InvalidSpec);
      assert.deepEqual(error.details, [
        { path: "health.exec", message: "virtual cannot run a command in its tasks" },
      ]);
      return true;
    },
  );
});

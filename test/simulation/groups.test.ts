import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";
import { instanceOf } from "./told.ts";

const machines = ["a", "b", "c"];

async function network(seed = 3): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines });
  for (const name of machines) {
    await simulation.start(name);
    if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
  }
  return simulation;
}

/** A service, on one machine alone where one is named. */
function service(name: string, on?: string, more: object = {}): object {
  const placement = on === undefined ? {} : { constraints: [`node.name == ${on}`] };
  return { name, provider: "virtual", placement, ...more };
}

/** db on a, api on b, web on c. */
function shop(more: object): object {
  return {
    name: "shop",
    services: [service("db", "a"), service("api", "b"), service("web", "c")],
    ...more,
  };
}

async function running(group: object, seed?: number): Promise<Simulation> {
  const simulation = await network(seed);
  const [deployed] = await simulation.ask("b", (node) => node.deploy([group]));
  assert.ok(deployed?.instances.every(({ state }) => state === "running"));
  await simulation.run(1_000);
  return simulation;
}

/** What was started and what ended since then, in that order, as `+db` and `-db`. */
function events(simulation: Simulation, sinceMs: number): readonly string[] {
  const tasks = machines.flatMap((name) => simulation.host(name).history);
  return tasks
    .flatMap(({ service: name, startedAt, ended }) => {
      const short = name.slice(name.indexOf("/") + 1);
      return [
        { atMs: startedAt, what: `+${short}` },
        ...(ended === undefined ? [] : [{ atMs: ended.atMs, what: `-${short}` }]),
      ];
    })
    .filter(({ atMs }) => atMs >= sinceMs)
    .sort((one, other) => one.atMs - other.atMs)
    .map(({ what }) => what);
}

/** Kills the task of a service, wherever it runs. */
function kill(simulation: Simulation, name: string): void {
  const host = machines
    .map((machine) => simulation.host(machine))
    .find(({ history }) => history.some(({ service: of, ended }) => of === name && !ended));
  const task = host?.history.find(({ service: of, ended }) => of === name && !ended);
  assert.ok(task !== undefined, `${name} does not run`);
  host?.kill(task.found.instance);
}

function stateOf(simulation: Simulation, machine: string, name: string): string {
  return instanceOf(simulation, machine, `shop/${name}`).state;
}

test("a group is deployed as one, and its services are started in their order, wherever they are", async () => {
  const simulation = await running(shop({}));
  assert.deepEqual(events(simulation, 0), ["+db", "+api", "+web"]);
  const [db, api, web] = simulation.operations("c").instances();
  assert.deepEqual([db?.name, api?.name, web?.name], ["shop/db", "shop/api", "shop/web"]);
  assert.deepEqual(
    [db, api, web].map((one) => simulation.operations("c").nodeName(one?.node ?? ("" as never))),
    machines,
  );
  assert.deepEqual(simulation.violations, []);
});

for (const [strategy, follows] of [
  ["one_for_one", ["-api", "+api"]],
  ["rest_for_one", ["-api", "-web", "+api", "+web"]],
  ["one_for_all", ["-api", "-web", "-db", "+db", "+api", "+web"]],
] as const) {
  test(`${strategy}: with one that is killed exactly those are restarted, in OTP's order`, async () => {
    const simulation = await running(shop({ strategy }));
    for (let round = 0; round < 3; round++) {
      const sinceMs = simulation.now;
      kill(simulation, "shop/api");
      await simulation.run(30_000);
      assert.deepEqual(events(simulation, sinceMs), follows, `round ${round}`);
    }
    assert.deepEqual(simulation.violations, []);
  });
}

test("a group in a group restarts its own, and is one child of the group around it", async () => {
  const front = {
    name: "front",
    strategy: "one_for_all",
    services: [service("api"), service("web")],
  };
  const services = [service("db"), front, service("mail")];
  const simulation = await running({ name: "shop", strategy: "rest_for_one", services });
  let sinceMs = simulation.now;
  kill(simulation, "shop/front/web");
  await simulation.run(20_000);
  const own = ["-front/web", "-front/api", "+front/api", "+front/web"];
  assert.deepEqual(events(simulation, sinceMs), own);
  sinceMs = simulation.now;
  kill(simulation, "shop/db");
  await simulation.run(20_000);
  const all = [
    "-db",
    "-mail",
    "-front/web",
    "-front/api",
    "+db",
    "+front/api",
    "+front/web",
    "+mail",
  ];
  assert.deepEqual(events(simulation, sinceMs), all);
});

test("more restarts than the intensity allows, and the group fails as one until it is started again", async () => {
  const intensity = { restarts: 2, within: "5m" };
  const simulation = await running(shop({ strategy: "one_for_one", intensity }));
  for (let round = 0; round < 2; round++) {
    kill(simulation, "shop/api");
    await simulation.run(10_000);
    assert.equal(stateOf(simulation, "c", "api"), "running");
  }
  let sinceMs = simulation.now;
  kill(simulation, "shop/web");
  await simulation.run(10_000);
  assert.deepEqual(events(simulation, sinceMs), ["-web", "-api", "-db"], "in the reverse order");
  for (const name of ["db", "api", "web"]) {
    const { state, reason } = instanceOf(simulation, "a", `shop/${name}`);
    assert.equal(state, "failed");
    assert.match(reason ?? "", /shop gave up after 2 restarts within 300 s.*shop\/web killed/);
  }
  sinceMs = simulation.now;
  await simulation.ask("a", (node) => node.act("start", ["shop"]));
  await simulation.run(10_000);
  assert.deepEqual(events(simulation, sinceMs), ["+db", "+api", "+web"]);
  sinceMs = simulation.now;
  kill(simulation, "shop/api");
  await simulation.run(10_000);
  assert.deepEqual(events(simulation, sinceMs), ["-api", "+api"], "it counts anew");
});

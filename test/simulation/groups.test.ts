import assert from "node:assert/strict";
import { test } from "node:test";
import { ownerOf } from "../../src/actors/ownership.ts";
import { isGroup } from "../../src/services/group.ts";
import { membersOf } from "../../src/services/group-members.ts";
import { parseGroupSpec } from "../../src/services/group-spec.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { seededRandom } from "../../src/simulator/virtual-env.ts";
import { exits, Otp, startsOf } from "../support/otp-supervisor.ts";
import { holdsFor } from "./seeds.ts";
import { instanceOf } from "./told.ts";

const machines = ["a", "b", "c"];

async function network(seed = 3): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines });
  for (const name of machines) {
    await simulation.start(name);
    if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
  }
  await simulation.run(2_000); // All know all.
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
  assert.deepEqual(
    deployed?.instances
      .filter(({ state }) => state !== "running")
      .map(({ name, state, reason }) => [name, state, reason]),
    [],
    `seed ${seed}: ${JSON.stringify(group)}`,
  );
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

/** The machine whose node decides for the group. */
function decider(simulation: Simulation): string {
  const view = simulation.catalog(up(simulation)).view;
  const owner = ownerOf(view, "shop");
  const name = machines.find((machine) => nodeOn(simulation, machine) === owner);
  assert.ok(name !== undefined);
  return name;
}

function nodeOn(simulation: Simulation, machine: string): string | undefined {
  return simulation.machine(machine).life?.node?.system.node;
}

function up(simulation: Simulation): string {
  return machines.find((machine) => simulation.isUp(machine)) ?? "a";
}

test("whenever the deciding node dies in a round, that is gone through with, in order and once", async () => {
  for (let dyingAfterMs = 0; dyingAfterMs <= 160; dyingAfterMs += 20) {
    const simulation = await running(shop({ strategy: "one_for_all" }), 7 + dyingAfterMs);
    const dying = decider(simulation);
    const sinceMs = simulation.now;
    kill(simulation, "shop/api");
    await simulation.run(dyingAfterMs);
    simulation.crash(dying);
    // Within the grace of what it runs: nothing is taken over.
    await simulation.run(4_000);
    await simulation.start(dying);
    await simulation.run(20_000);
    const all = events(simulation, sinceMs);
    const label = `dead after ${dyingAfterMs} ms: ${all}`;
    assert.deepEqual(all.toSorted(), ["+api", "+db", "+web", "-api", "-db", "-web"], label);
    const starts = all.filter((what) => what.startsWith("+"));
    assert.deepEqual(starts, ["+db", "+api", "+web"], label);
    for (const name of ["db", "api", "web"])
      assert.equal(stateOf(simulation, "a", name), "running");
    assert.deepEqual(simulation.violations, []);
  }
});

test("what is lost with its machine takes along what its strategy names, and starts elsewhere", async () => {
  const services = [service("db"), service("api"), service("web")];
  const simulation = await running({ name: "shop", strategy: "rest_for_one", services });
  const at = machines.find((machine) =>
    simulation.host(machine).history.some((task) => task.service === "shop/api"),
  );
  assert.ok(at !== undefined);
  const sinceMs = simulation.now;
  simulation.powerOff(at);
  await simulation.run(40_000);
  assert.deepEqual(events(simulation, sinceMs), ["-api", "-web", "+api", "+web"]);
  assert.deepEqual(simulation.violations, []);
});

test("on both sides of a partition the group runs whole, and once when they meet", async () => {
  const services = [service("db"), service("api"), service("web")];
  const simulation = await running({ name: "shop", strategy: "one_for_all", services });
  simulation.cut("a", "b");
  simulation.cut("a", "c");
  await simulation.run(60_000);
  kill(simulation, "shop/api");
  await simulation.run(30_000);
  for (const machine of machines) {
    for (const name of ["db", "api", "web"])
      assert.equal(stateOf(simulation, machine, name), "running");
  }
  simulation.heal();
  await simulation.run(90_000);
  const tasks = machines.flatMap((machine) => simulation.host(machine).history);
  const left = tasks.filter(({ ended }) => ended === undefined).map((task) => task.service);
  assert.deepEqual(left.toSorted(), ["shop/api", "shop/db", "shop/web"]);
  const sinceMs = simulation.now;
  kill(simulation, "shop/web");
  await simulation.run(30_000);
  assert.deepEqual(events(simulation, sinceMs), [
    ...["-web", "-api", "-db"],
    ...["+db", "+api", "+web"],
  ]);
  assert.deepEqual(simulation.violations, []);
});

test("a group is stopped in reverse order, started in order, restarted, and removed as one", async () => {
  const simulation = await running(shop({ strategy: "one_for_one" }));
  let sinceMs = simulation.now;
  await simulation.ask("c", (node) => node.act("stop", ["shop"]));
  assert.deepEqual(events(simulation, sinceMs), ["-web", "-api", "-db"]);
  sinceMs = simulation.now;
  const [started] = await simulation.ask("a", (node) => node.act("start", ["shop"]));
  assert.deepEqual(
    started?.instances.map(({ state }) => state),
    ["running", "running", "running"],
  );
  assert.deepEqual(events(simulation, sinceMs), ["+db", "+api", "+web"]);
  sinceMs = simulation.now;
  await simulation.ask("a", (node) => node.act("restart", ["shop"]));
  await simulation.run(10_000);
  assert.deepEqual(events(simulation, sinceMs), [
    ...["-web", "-api", "-db"],
    ...["+db", "+api", "+web"],
  ]);
  for (const action of ["stop", "remove", "restart"] as const) {
    const parted = simulation.ask("b", (node) => node.act(action, ["shop/api"]));
    await assert.rejects(parted, /shop\/api is a part of shop, which goes as one/);
  }
  await simulation.ask("b", (node) => node.act("remove", ["shop"]));
  await simulation.run(5_000);
  for (const machine of machines) {
    assert.deepEqual(simulation.operations(machine).instances(), []);
    assert.deepEqual(simulation.host(machine).running(), []);
    assert.deepEqual(simulation.records(machine).list({ kinds: new Set(["supervision"]) }), []);
  }
});

test("an update touches what it changes, adds and takes away, and one that fails is undone as a whole", async () => {
  const update = { healthy_for: "1s", deadline: "30s" };
  const of = (v: number, more: readonly object[], bad: object = {}) => {
    const db = service("db", "a", { update });
    const api = service("api", "b", { params: { v, ...bad }, update, restart: "on_error" });
    return shop({ services: [db, api, ...more] });
  };
  const simulation = await running(of(1, [service("web", "c", { update })]));
  let sinceMs = simulation.now;
  await simulation.ask("a", (node) => node.deploy([of(2, [service("mail", "c", { update })])]));
  await simulation.run(10_000);
  const changed = events(simulation, sinceMs);
  assert.deepEqual(changed.toSorted(), ["+api", "+mail", "-api", "-web"]);
  sinceMs = simulation.now;
  const restart = { policy: "always", intensity: { restarts: 0, within: "1m" } };
  const failing = service("jobs", "c", { params: { runMs: 50, exitCode: 1 }, restart, update });
  await simulation.ask("a", (node) =>
    node.deploy([of(3, [service("mail", "c", { update }), failing])]),
  );
  await simulation.run(60_000);
  const info = simulation.operations("b").service("shop");
  assert.equal(info.generation, 4);
  assert.deepEqual(
    info.instances.map(({ name, state }) => [name, state]),
    [
      ["shop/db", "running"],
      ["shop/api", "running"],
      ["shop/mail", "running"],
    ],
  );
  const [api] = simulation.catalog("c").servicesUnder("shop/api");
  assert.deepEqual(api?.member.spec.params, { v: 2 });
  const history = JSON.stringify(simulation.operations("b").history("shop"));
  assert.match(history, /shop\/jobs: an instance of the new version has failed/);
  await assert.rejects(
    simulation.ask("a", (node) => node.deploy([of(5, [{ ...service("mail"), provider: 1 }])])),
    /cannot be accepted/,
  );
  assert.equal(simulation.operations("b").service("shop").generation, 4, "nothing has changed");
});

test("one service of a group is scaled alone, and each is asked for by its name", async () => {
  const services = [service("db", "a"), service("web")];
  const simulation = await running({ name: "shop", services });
  const sinceMs = simulation.now;
  const { instances } = await simulation.ask("c", (node) => node.scale("shop/web", 3));
  assert.equal(instances.filter(({ name }) => name === "shop/web").length, 3);
  await simulation.run(1_000);
  assert.deepEqual(events(simulation, sinceMs), ["+web", "+web"]);
  await assert.rejects(
    simulation.ask("c", async (node) => node.scale("shop", 3)),
    /shop is a group: name one of its services: shop\/db, shop\/web/,
  );
  const { spec, instances: webs } = simulation.operations("b").service("shop/web");
  assert.deepEqual([(spec as { name: string }).name, webs.length], ["web", 3]);
  assert.throws(() => simulation.operations("b").service("shop/nope"), /no service shop\/nope/);
});

test("what others require of a group is followed, and no cycle goes through one", async () => {
  const simulation = await running({
    name: "shop",
    services: [service("db", "a"), service("api", "b")],
  });
  await simulation.ask("c", (node) => node.deploy([service("site", "c", { requires: ["shop"] })]));
  await simulation.run(1_000);
  const sinceMs = simulation.now;
  kill(simulation, "shop/db");
  await simulation.run(10_000);
  assert.deepEqual(events(simulation, sinceMs), ["-db", "+db", "-site", "+site"]);
  const cyclic = {
    name: "shop",
    services: [service("db", "a", { requires: ["site"] }), service("api", "b")],
  };
  await assert.rejects(
    simulation.ask("c", (node) => node.deploy([cyclic])),
    (error) => {
      assert.match(JSON.stringify(error), /shop\/db → site → shop → shop\/db/);
      return true;
    },
  );
});

/** A tree of groups whose services are anywhere, as deep as it happens to be. */
function randomGroup(name: string, random: () => number, depth = 0): object {
  const strategies = ["one_for_one", "one_for_all", "rest_for_one"];
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)];
  const services = Array.from({ length: 2 + Math.floor(random() * 2) }, (_, index) =>
    depth < 2 && random() < 0.35
      ? randomGroup(`g${index}`, random, depth + 1)
      : service(`s${index}`, pick(machines)),
  );
  return { name, strategy: pick(strategies), services };
}

test("in groups of any shape each end restarts whom OTP would, in its order, and no other; over crashes of nodes too", async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = seededRandom(seed, "groups");
    const document = randomGroup("shop", random);
    const spec = parseGroupSpec(document);
    assert.ok(isGroup(spec));
    const inOrder = [...membersOf(spec).keys()];
    const otp = new Otp(spec, "shop");
    const simulation = await running(document, seed);
    for (let round = 0; round < 8; round++) {
      const before = new Map(startsOf(otp));
      const ended = inOrder[Math.floor(random() * inOrder.length)] ?? inOrder[0];
      assert.ok(ended !== undefined && exits(otp, ended, simulation.now));
      const named = startsOf(otp).flatMap(([name, n]) =>
        n > (before.get(name) ?? 0) ? [name] : [],
      );
      const sinceMs = simulation.now;
      kill(simulation, ended);
      const dying = random() < 0.4 ? decider(simulation) : undefined;
      if (dying !== undefined) {
        await simulation.run(random() * 200);
        simulation.crash(dying);
        await simulation.run(3_000);
        await simulation.start(dying);
      }
      await simulation.run(90_000);
      const short = (name: string) => name.replace(/^shop\//, "");
      const stops = named.filter((name) => name !== ended).toReversed();
      const all = events(simulation, sinceMs);
      const label = `seed ${seed}, round ${round}: ${ended} of ${JSON.stringify(document)}: ${all}`;
      const starts = inOrder
        .filter((name) => named.includes(name))
        .map((name) => `+${short(name)}`);
      const expected = [ended, ...stops].map((name) => `-${short(name)}`);
      // What a dead node is to end is ended when it is back: it is not waited for.
      if (dying === undefined) assert.deepEqual(all, [...expected, ...starts], label);
      assert.deepEqual(all.toSorted(), [...expected, ...starts].toSorted(), label);
    }
    assert.deepEqual(simulation.violations, []);
  }
});

test("while users go on, no service of a group is restarted but with one that its strategy names it with", () =>
  holdsFor({ first: 900, count: 6, nodes: 5, faults: ["kill-task"] }));

import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulation } from "../../src/simulator/simulation.ts";

const machines = ["a", "b", "c"];
const count = 6;

async function network(): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, machines });
  for (const name of machines) {
    await simulation.start(name);
    if (name !== "a") await simulation.ask(name, (node) => node.join("a:6666"));
  }
  return simulation;
}

function web(version: number, update: object, params: object = {}): object {
  const env = { V: String(version) };
  return { name: "web", provider: "virtual", params, env, instances: count, update };
}

/** Every task that there ever was, the oldest first. */
function tasks(simulation: Simulation) {
  return machines
    .flatMap((machine) => simulation.host(machine).history)
    .sort((one, other) => one.startedAt - other.startedAt);
}

/** How many run at each moment at which one has started or ended. */
function counts(simulation: Simulation, sinceMs: number): readonly number[] {
  const all = tasks(simulation);
  const moments = all.flatMap((task) => [task.startedAt, task.ended?.atMs ?? 0]);
  return moments
    .filter((at) => at > sinceMs)
    .map(
      (at) =>
        all.filter(
          (task) => task.startedAt <= at && (task.ended?.atMs ?? Number.POSITIVE_INFINITY) > at,
        ).length,
    );
}

function running(simulation: Simulation): number {
  return machines.flatMap((machine) => simulation.host(machine).running()).length;
}

test("start-first: one at a time, and never fewer run than are asked for", async () => {
  const simulation = await network();
  const update = { order: "start-first", healthy_for: "2s" };
  await simulation.ask("a", (node) => node.deploy([web(1, update)]));
  await simulation.run(5_000);
  const first = tasks(simulation);
  assert.equal(first.length, count);
  const sinceMs = Math.max(...first.map(({ startedAt }) => startedAt)) + 1;
  await simulation.ask("b", (node) => node.deploy([web(2, update)]));
  await simulation.run(60_000);
  // One more starts in the moment in which the last one that was replaced is ended.
  assert.ok(counts(simulation, sinceMs).every((n) => n >= count && n <= count + 2));
  const all = tasks(simulation);
  assert.equal(all.length, 2 * count);
  assert.ok(first.every(({ ended }) => ended !== undefined));
  const starts = all.slice(count).map(({ startedAt }) => startedAt);
  for (const [n, at] of starts.slice(1).entries()) {
    assert.ok(at - (starts[n] ?? 0) >= 2_000, "the one before was ready for two seconds");
  }
  assert.deepEqual(simulation.violations, []);
});

test("who deploys is told what has not had its turn when the answer comes, and nothing once all has", async () => {
  const simulation = await network();
  const update = { healthy_for: "8s" };
  const [first] = await simulation.ask("a", (node) => node.deploy([web(1, update)]));
  assert.deepEqual(first?.unfinished, []);
  const [second] = await simulation.ask("b", (node) => node.deploy([web(2, update)]));
  const left = second?.unfinished.map(({ slot }) => slot) ?? [];
  assert.ok(left.length > 0 && left.length < count, `slots ${left}`);
  const outdated = second?.instances.filter(({ slot }) => left.includes(slot));
  assert.ok(outdated?.every(({ state }) => state === "running"));
  await simulation.run(60_000);
  const [again] = await simulation.ask("c", (node) => node.deploy([web(2, update)]));
  assert.deepEqual(again?.unfinished, []);
});

test("one that is still to go is told, where it takes long to end", async () => {
  const simulation = await network();
  const slow = { ...web(1, {}), stop: { delay: "50s" } };
  await simulation.ask("a", (node) => node.deploy([slow]));
  const fewer = await simulation.ask("b", (node) => node.scale("web", 5));
  assert.deepEqual(
    fewer.unfinished.map(({ name, slot }) => `${name}/${slot}`),
    ["web/5"],
  );
});

test("stop-first: at most so many fewer run as are replaced at a time", async () => {
  const simulation = await network();
  const update = { parallel: 2, healthy_for: "1s" };
  await simulation.ask("a", (node) => node.deploy([web(1, update)]));
  const sinceMs = Math.max(...tasks(simulation).map(({ startedAt }) => startedAt)) + 1;
  await simulation.ask("c", (node) => node.deploy([web(2, update)]));
  await simulation.run(60_000);
  const seen = counts(simulation, sinceMs);
  assert.ok(Math.min(...seen) >= count - 2);
  assert.equal(Math.max(...seen), count);
  assert.equal(tasks(simulation).length, 2 * count);
  assert.equal(running(simulation), count);
});

test("an update that fails stops where it is, and is undone; what it had not ended runs on untouched", async () => {
  for (const order of ["stop-first", "start-first"]) {
    const simulation = await network();
    const update = { order, healthy_for: "2s", deadline: "20s" };
    await simulation.ask("a", (node) => node.deploy([web(1, update)]));
    await simulation.run(5_000);
    const sinceMs = Math.max(...tasks(simulation).map(({ startedAt }) => startedAt)) + 1;
    const bad = web(2, update, { runMs: 100, exitCode: 1 });
    await simulation.ask("b", (node) => node.deploy([bad]));
    await simulation.run(90_000);
    const fewest = order === "start-first" ? count : count - 1;
    assert.ok(Math.min(...counts(simulation, sinceMs)) >= fewest);
    const { instances, generation, spec } = simulation.operations("c").service("web");
    assert.equal(generation, 3);
    assert.deepEqual((spec as { env: unknown }).env, { V: "1" });
    assert.ok(
      instances.every(({ state }) => state === "running"),
      order,
    );
    assert.equal(running(simulation), count);
    const [first] = tasks(simulation);
    const untouched = tasks(simulation).filter(
      ({ ended, startedAt }) => ended === undefined && startedAt < (first?.startedAt ?? 0) + 5_000,
    );
    assert.equal(untouched.length, order === "start-first" ? count : count - 1);
    const history = simulation.operations("c").history("web");
    const [rollback] = history.flatMap((one) => (one.kind === "spec" ? one.record?.rollback : []));
    assert.match(rollback ?? "", /no instance more of the new version was ready for 20 s/);
    assert.deepEqual(simulation.violations, []);
  }
});

test("who deploys what is rolled back before the answer is told so, and of what holds nothing", async () => {
  const simulation = await network();
  const update = { healthy_for: "1s", deadline: "3s" };
  const [good] = await simulation.ask("a", (node) => node.deploy([web(1, update)]));
  assert.equal(good?.undone, undefined);
  const bad = web(2, update, { runMs: 100, exitCode: 1 });
  const [told] = await simulation.ask("b", (node) => node.deploy([bad]));
  assert.equal(told?.deployed.generation, 2);
  assert.match(
    told?.undone ?? "",
    /no instance more of the new version was ready for 3 s: exited with code 1/,
  );
  assert.deepEqual(simulation.violations, []);
});

test("without rollback a failed update is left as it is, and a user undoes it", async () => {
  const simulation = await network();
  const update = { healthy_for: "2s", deadline: "5s", rollback: false };
  await simulation.ask("a", (node) => node.deploy([web(1, update)]));
  const bad = web(2, update, { runMs: 100, exitCode: 1 });
  await simulation.ask("b", (node) => node.deploy([bad]));
  await simulation.run(60_000);
  assert.equal(simulation.operations("c").service("web").generation, 2);
  assert.ok(running(simulation) >= count - 1);
  await simulation.ask("c", (node) => node.rollback("web"));
  await simulation.run(20_000);
  assert.equal(running(simulation), count);
  assert.equal(simulation.operations("a").service("web").generation, 3);
  await assert.rejects(
    simulation.ask("a", (node) => node.rollback("nothing")),
    /there is no service nothing/,
  );
});

test("an update goes on through the death of the node that decides it", async () => {
  const simulation = await network();
  const update = { order: "start-first", healthy_for: "2s" };
  await simulation.ask("a", (node) => node.deploy([web(1, update)]));
  await simulation.run(2_000);
  await simulation.ask("b", (node) => node.deploy([web(2, update)]));
  for (const name of machines) {
    simulation.crash(name);
    await simulation.run(3_000);
    await simulation.start(name);
    await simulation.run(10_000);
  }
  await simulation.run(60_000);
  const left = tasks(simulation).filter(({ ended }) => ended === undefined);
  assert.equal(left.length, count);
  const { instances } = simulation.operations("a").service("web");
  const ids = new Set(instances.map(({ instance }) => instance));
  assert.ok(left.every(({ found }) => ids.has(found.instance)));
  assert.deepEqual(simulation.violations, []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { catchUpMsMax } from "../../src/actors/catching-up.ts";
import { Simulation } from "../../src/simulator/simulation.ts";

const machines = Array.from({ length: 20 }, (_, i) => `n${i + 1}`);

test("a node that twenty others join writes its members a few times, and all of them at last", async () => {
  const simulation = new Simulation({ seed: 1, machines });
  await simulation.start("n1");
  const { disk } = simulation.machine("n1");
  let effects = 0;
  disk.onEffect = () => {
    effects++;
    return false;
  };
  for (const machine of machines.slice(1)) {
    simulation.launch(machine, ["n1:6666"]);
    await simulation.run(150);
  }
  await simulation.run(4_000);
  disk.onEffect = undefined;
  // Two of each commit. They come in over 3 s, each of them a change of the view at least.
  assert.ok(effects <= 2 * 10, `${effects / 2} commits`);

  simulation.crash("n1");
  await simulation.start("n1");
  const names = simulation
    .operations("n1")
    .nodes()
    .map(({ name }) => name);
  assert.deepEqual(names.sort(), [...machines].sort());
});

test("a ring member that is killed knows what it knew, written or not", async () => {
  const simulation = new Simulation({ seed: 2, machines: ["a", "b", "c"] });
  for (const machine of ["a", "b", "c"]) await simulation.start(machine, ["a:6666", "b:6666"]);
  await simulation.run(5_000);
  const incarnationOfC = () =>
    simulation.catalog("b").view.members.find(({ name }) => name === "c")?.incarnation ?? 0;
  // The second time what is new of it comes within a second of the first, and is yet to be written.
  for (let lives = 0; lives < 2; lives++) {
    const before = incarnationOfC();
    simulation.crash("c");
    await simulation.start("c");
    while (incarnationOfC() === before) await simulation.run(10);
  }
  const after = incarnationOfC();
  simulation.kill("b", "ring-member");
  for (let looks = 0; looks < 100; looks++) {
    await simulation.run(1);
    assert.ok(incarnationOfC() >= after);
  }
});

test("a node that is back tells what the others hold by now, and one that meets nobody what it holds itself", async () => {
  const simulation = new Simulation({ seed: 3, machines: ["a", "b"] });
  const service = (name: string) => ({ name, provider: "virtual", params: {} });
  const told = async () => {
    const sinceMs = simulation.now;
    const names = await simulation.ask("b", async (node) => {
      await node.caughtUp();
      return node.instances().map(({ name }) => String(name));
    });
    return { names, ms: Math.floor(simulation.now - sinceMs) };
  };
  for (const machine of ["a", "b"]) await simulation.start(machine);
  assert.deepEqual(await told(), { names: [], ms: 0 }, "one that never knew another");
  await simulation.ask("b", (node) => node.join("a:6666"));
  await simulation.ask("a", (node) => node.deploy([service("old")]));
  await simulation.run(5_000);
  simulation.crash("b");
  await simulation.run(20_000);
  await simulation.ask("a", (node) => node.act("remove", ["old"]));
  await simulation.ask("a", (node) => node.deploy([service("new")]));

  await simulation.start("b");
  const before = simulation.operations("b").instances();
  assert.deepEqual(
    before.map(({ name }) => name),
    ["old"],
  );
  const back = await told();
  assert.deepEqual(back.names, ["new"]);
  assert.ok(back.ms > 0 && back.ms < catchUpMsMax, `${back.ms} ms`);

  await simulation.run(2_000); // What it was told is on its disk.
  simulation.cut("a", "b");
  assert.equal((await told()).ms, 0, "it has caught up once: from then on it answers by itself");
  simulation.crash("b");
  await simulation.start("b");
  const alone = await told();
  assert.deepEqual(alone.names, ["new"]);
  assert.ok(alone.ms > 0 && alone.ms <= catchUpMsMax, `${alone.ms} ms`);
});

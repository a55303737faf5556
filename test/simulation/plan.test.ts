import assert from "node:assert/strict";
import { test } from "node:test";
import type { Operations } from "../../src/actors/operations.ts";
import type { PlannedDeploy } from "../../src/services/plan.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { seededRandom } from "../../src/simulator/virtual-env.ts";

const machines = ["a", "b", "c", "d"] as const;
const names = ["api", "db", "job", "web", "cache"];

/** Three nodes that live and one that has crashed, with something on each. */
async function network(seed: number): Promise<Simulation> {
  const simulation = new Simulation({ seed, machines });
  for (const machine of machines) await simulation.start(machine);
  for (const machine of machines.slice(1)) {
    await simulation.ask("a", (node) => node.join(`${machine}:6666`));
  }
  await simulation.run(5_000);
  const first = ["api", "db", "one", "two", "three"].map((name) => specOf(name, 0));
  await simulation.ask("a", (node) => node.deploy(first));
  simulation.crash("d");
  await simulation.run(20_000);
  return simulation;
}

function specOf(name: string, version: number, provider = "virtual"): object {
  return { name, provider, env: { VERSION: version } };
}

function placed(node: Operations, name: string) {
  const there = node.instances().find((instance) => instance.name === name);
  return { node: there?.node ?? null, instance: there?.instance ?? null };
}

function assertKept(planned: PlannedDeploy, before: object, after: object): void {
  const action = planned.instances[0]?.action;
  if (action === "keep") assert.deepEqual(after, before);
  else assert.notDeepEqual(after, before);
}

test("a deploy made right after a plan, through whatever node, does what the plan said", async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const simulation = await network(seed);
    const random = seededRandom(seed, "plans");
    const draw = (of: readonly string[]) => of[Math.floor(random() * of.length)] ?? "";
    for (let round = 0; round < 12; round++) {
      const [at, through, name] = [draw(["a", "b", "c"]), draw(["a", "b", "c"]), draw(names)];
      const provider = draw(["virtual", "virtual", "virtual-too"]);
      const spec = specOf(name, Math.floor(random() * 2), provider);
      if (random() < 0.2 && placed(simulation.operations(at), name).node !== null) {
        await simulation.ask(at, (node) => node.act("stop", [name]));
      }
      await simulation.run(3_000); // Every node hears of what was last done.
      const before = placed(simulation.operations(at), name);
      const [planned] = await simulation.ask(at, (node) => node.plan([spec]));
      assert.deepEqual(placed(simulation.operations(at), name), before, "a plan changes nothing");
      const [outcome] = await simulation.ask(through, (node) => node.deploy([spec]));
      assert.ok(planned !== undefined && outcome !== undefined);
      assert.deepEqual(
        [outcome.deployed.group, outcome.deployed.result, outcome.deployed.generation],
        [planned.group, planned.result, planned.generation],
      );
      await simulation.run(3_000); // The node that was asked may not have heard of its placement yet.
      const after = placed(simulation.operations(through), name);
      assert.equal(after.node, planned.instances[0]?.node, `${seed}/${round} ${name}`);
      assert.equal(before.node, planned.instances[0]?.from);
      assertKept(planned, before, after);
    }
    assert.deepEqual(simulation.violations, []);
  }
});

test("a plan tells all the errors that a deploy would", async () => {
  const simulation = await network(4);
  const bad = { nam: "web", name: "Web", provider: "virtual", requires: 3 };
  const told = async (ask: (node: Operations) => Promise<unknown>) =>
    await simulation.ask("b", ask).then(
      () => undefined,
      (error: unknown) => JSON.stringify(error instanceof Error ? { ...error } : error),
    );
  const planned = await told((node) => node.plan([bad, specOf("web", 1)]));
  assert.match(planned ?? "", /requires/);
  assert.equal(planned, await told((node) => node.deploy([bad, specOf("web", 1)])));
});

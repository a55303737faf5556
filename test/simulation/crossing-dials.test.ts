/** Two nodes whose dials cross, so that both connections come about and one takes the place of the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComposedNode } from "../../src/node/compose.ts";
import { named } from "../../src/otp/ref.ts";
import { Simulation } from "../../src/simulator/simulation.ts";

const machines = ["a", "b"] as const;
const delayOf = (min: number, max = min) => ({ delayMs: { min, max }, bytesPerSecond: 12_500_000 });

/**
 * Two nodes that lose their connection. The first segment of the dial that stays, of the smaller id, is lost; when it is
 * sent again, a second later, the other's dial has come through. `meanwhile` is called every 10 ms around that.
 */
async function crossed(seed: number, meanwhile: (world: World) => void = () => {}): Promise<World> {
  const nodes = new Map<string, ComposedNode>();
  const replaced: string[] = [];
  const simulation = new Simulation({
    seed,
    machines,
    onComposed: (machine, node) => nodes.set(machine, node),
    watch: (line) => {
      if (line.includes("replaced by another connection")) replaced.push(line.split(" ")[1] ?? "");
    },
  });
  for (const machine of machines) await simulation.start(machine);
  await simulation.ask("a", (node) => node.join("b:6666"));
  await simulation.run(20_000);
  const nodeOf = (machine: string) => {
    const node = nodes.get(machine);
    assert.ok(node !== undefined);
    return node;
  };
  const world: World = { simulation, nodeOf, replaced };

  const { links } = simulation.network;
  const isInOrder = nodeOf("a").system.node < nodeOf("b").system.node;
  const [smaller, larger] = isInOrder ? (["a", "b"] as const) : (["b", "a"] as const);
  links.setQuality(larger, smaller, delayOf(1));
  links.setQuality(smaller, larger, delayOf(100));
  simulation.network.reset(smaller, larger);
  links.setQuality(larger, smaller, delayOf(40, 80));
  await simulation.run(100.5);
  simulation.cut(smaller, larger);
  links.setQuality(smaller, larger, delayOf(40, 80));
  await simulation.run(10);
  simulation.heal();
  for (let step = 0; step < 150; step++) {
    await simulation.run(10);
    meanwhile(world);
  }
  await simulation.run(3_000);
  return world;
}

interface World {
  readonly simulation: Simulation;
  readonly nodeOf: (machine: string) => ComposedNode;
  /** The lives of nodes at which a connection took the place of another, once for each time. */
  readonly replaced: readonly string[];
}

test("what is watched over either of two connections that cross is told once: that it has ended, or its node was lost", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const told: string[][] = [];
    /** Watches an actor of the other node, and again in the moment in which the node is told to be lost. */
    const watch = (
      { nodeOf }: Pick<World, "nodeOf">,
      from: string,
      to: string,
      isAgain = false,
    ) => {
      const reasons: string[] = [];
      told.push(reasons);
      const target = named(nodeOf(to).system.node, "store");
      nodeOf(from).system.monitor(target, ({ reason }) => {
        reasons.push(reason.kind);
        if (reason.kind === "noconnection" && !isAgain) watch({ nodeOf }, from, to, true);
      });
    };
    const { simulation } = await crossed(seed, (world) => {
      world.simulation.begin("a", async () => watch(world, "a", "b"));
      world.simulation.begin("b", async () => watch(world, "b", "a"));
    });
    for (const machine of machines) simulation.kill(machine, "store");
    await simulation.run(1_000);
    const wrong = told.filter(({ length }) => length !== 1);
    assert.deepEqual(wrong, [], `seed ${seed}: of ${told.length}`);
    simulation.close();
  }
});

test("the connection that stays is not replaced in its turn by a dial of who saw the other one end first", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const { simulation, replaced } = await crossed(seed);
    assert.ok(replaced.length > 0, `seed ${seed}`);
    assert.equal(new Set(replaced).size, replaced.length, `seed ${seed}: ${replaced}`);
    simulation.close();
  }
});

test("membership that starts again leaves the connections that there are", async () => {
  const { simulation, replaced } = await crossed(1);
  const before = replaced.length;
  for (const machine of machines) {
    simulation.kill(machine, "ring-member");
    await simulation.run(20_000);
  }
  assert.equal(replaced.length, before);
  simulation.close();
});

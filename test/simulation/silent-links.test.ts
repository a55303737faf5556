/** Connections over which nothing comes any more, while their nodes live and others reach them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComposedNode } from "../../src/node/compose.ts";
import { named } from "../../src/otp/ref.ts";
import { Simulation } from "../../src/simulator/simulation.ts";

const [a, b] = ["a", "b"];

/** Three nodes that know each other, and those on a and b. */
async function threeNodes(seed: number) {
  const nodes = new Map<string, ComposedNode>();
  const simulation = new Simulation({
    seed,
    machines: [a, b, "c"],
    onComposed: (machine, node) => nodes.set(machine, node),
  });
  for (const machine of [a, b, "c"]) await simulation.start(machine);
  for (const machine of [b, "c"]) await simulation.ask(a, (node) => node.join(`${machine}:6666`));
  await simulation.run(20_000);
  const nodeOf = (machine: string) => {
    const node = nodes.get(machine);
    assert.ok(node !== undefined);
    return node;
  };
  return { simulation, nodeOf };
}

test("both ends of a connection that swallows everything give up what they watch and have asked, and connect anew", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { simulation, nodeOf } = await threeNodes(seed);
    const ended: string[] = [];
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const { system } = nodeOf(from);
      await simulation.ask(from, async () =>
        system.monitor(named(nodeOf(to).system.node, "store"), ({ reason }) =>
          ended.push(`${from}: ${reason.kind}`),
        ),
      );
    }
    await simulation.run(1_000);
    assert.deepEqual(ended, []);

    simulation.network.swallow(a, b);
    await simulation.run(15_000);
    assert.deepEqual(ended.sort(), ["a: noconnection", "b: noconnection"], `seed ${seed}`);
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const again: string[] = [];
      const { system } = nodeOf(from);
      await simulation.ask(from, async () =>
        system.monitor(named(nodeOf(to).system.node, "nobody"), ({ reason }) =>
          again.push(reason.kind),
        ),
      );
      await simulation.run(1_000);
      assert.deepEqual(again, ["noproc"], `seed ${seed}`); // Said by the other node: they are connected.
    }
  }
});

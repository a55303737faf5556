/** What must hold of any history: the numbers are those of DESIGN section 12. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MemberNetwork } from "../../../src/simulator/member-network.ts";
import { areAll, settled, statesOf, views } from "./members.ts";

const seed = 1;

test("after any faults, then quiet, all views are equal and true, and nothing ever went down", () => {
  const size = 5;
  const node = fc.nat(size - 1);
  const fault = fc.oneof(
    fc.record({ kind: fc.constantFrom("start", "crash", "vanish", "facts", "heal"), node }),
    fc.record({ kind: fc.constantFrom("join", "cut", "one-way"), node, other: node }),
    fc.record({ kind: fc.constantFrom("pass", "stall"), node, ms: fc.nat(8_000) }),
  );
  fc.assert(
    fc.property(fc.array(fault, { maxLength: 30, size: "max" }), fc.nat(), (faults, draw) => {
      const network = settled(size, { seed: draw });
      for (const next of faults) inject(network, next);
      network.heal();
      for (let n = 0; n < size; n++) network.start(n);
      for (let n = 1; n < size; n++) network.join(n, 0);
      network.run(40_000);
      assert.deepEqual(network.violations, []);
      assert.equal(new Set(views(network)).size, 1);
      for (let n = 0; n < size; n++) assert.ok(areAll(statesOf(network, n), "alive"));
      assert.deepEqual(network.outdated, []);
    }),
    { numRuns: 60, seed }, // Another seed, and more runs: by hand, after a change of the protocol.
  );
});

function inject(
  network: MemberNetwork,
  fault: { readonly kind: string; readonly node: number; other?: number; ms?: number },
): void {
  const { kind, node, other = 0, ms = 0 } = fault;
  const facts = { providers: [], labels: { at: `${network.now}` }, version: "1" };
  if (kind === "start") network.start(node);
  else if (kind === "crash") network.crash(node);
  else if (kind === "vanish") network.vanish(node);
  else if (kind === "facts") network.feed(node, { kind: "facts-changed", facts });
  else if (kind === "heal") network.heal();
  else if (kind === "join") network.join(node, other);
  else if (kind === "cut") network.cut(node, other);
  else if (kind === "one-way") network.cut(node, other, true);
  else if (kind === "stall") network.stall(node, ms);
  else network.run(ms);
}

test("2·log2(N)+5 quiet rounds of gossip after a change all views are equal", () => {
  for (const size of [2, 3, 5, 10, 33, 64]) {
    const rounds = Math.ceil(2 * Math.log2(size)) + 5;
    const network = settled(size, { delayMs: { min: 0.2, max: 2 } });
    for (let change = 0; change < 5; change++) {
      const facts = { providers: [], labels: { change: `${change}` }, version: "1" };
      network.feed(change % size, { kind: "facts-changed", facts });
      network.run(rounds * 100);
      assert.equal(new Set(views(network)).size, 1, `${size} nodes after ${rounds} rounds`);
    }
  }
});

test("five per cent of the messages late and stalls under two seconds kill no one in 20 node-hours", () => {
  const size = 10;
  const network = new MemberNetwork({
    seed: 3,
    size,
    late: { share: 0.05, msMin: 200, msMax: 1_000 },
    isTraced: false,
  });
  network.startAll();
  network.run(10_000);
  const deaths: string[] = [];
  network.onView = ({ number }, { members }) => {
    for (const { name, state } of members) {
      if (state === "dead" || state === "away") deaths.push(`${number} holds ${name} ${state}`);
    }
  };
  for (let minute = 0; minute < 120; minute++) {
    network.stall(minute % size, 1_990);
    network.run(60_000);
  }
  assert.deepEqual(deaths, []);
  assert.deepEqual(network.violations, []);
});

test("a vanished host is dead for everyone within 7 s at 10 nodes and 9.5 s at 64", () => {
  for (const [size, msMax, trials] of [
    [10, 7_000, 20],
    [64, 9_500, 3],
  ] as const) {
    for (let seed = 0; seed < trials; seed++) {
      const network = settled(size, { seed, isTraced: false });
      network.run(seed * 137);
      network.vanish(seed % size);
      network.run(msMax);
      assert.ok(areAll(statesOf(network, seed % size), "dead"), `${size} nodes, seed ${seed}`);
    }
  }
});

test("one seed gives one trace, another seed another", () => {
  const traceOf = (seed: number) => {
    const network = settled(6, { seed, late: { share: 0.05, msMin: 200, msMax: 1_000 } });
    network.crash(1);
    network.cut(0, 2);
    network.run(20_000);
    network.heal();
    network.start(1);
    network.run(20_000);
    return network.trace.hash();
  };
  const first = traceOf(7);
  assert.equal(traceOf(7), first);
  assert.notEqual(traceOf(8), first);
});

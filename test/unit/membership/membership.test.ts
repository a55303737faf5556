import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stepMembership } from "../../../src/membership/membership.ts";
import type { Member, MemberState } from "../../../src/membership/view.ts";
import { addressOf, facts, idOf, MemberNetwork } from "./network.ts";

/** Nodes 0 to `size` - 1, all started, each joined to the one before it. */
function chain(size: number): MemberNetwork {
  const network = new MemberNetwork(size);
  for (let n = 0; n < size; n++) {
    network.start(n);
    if (n > 0) network.join(n, addressOf(n - 1));
  }
  return network;
}

function states(network: MemberNetwork, about: number): readonly (MemberState | undefined)[] {
  return network.running.filter((n) => n !== about).map((n) => network.member(n, about)?.state);
}

function assertEqualViews(network: MemberNetwork): void {
  const [first, ...others] = network.running.map((n) => network.process(n).state.view.members);
  for (const other of others) assert.deepEqual(other, first);
}

test("nodes that join through any other know each other within a second", () => {
  const network = chain(5);
  network.pass(1_000);
  assertEqualViews(network);
  for (const n of network.running) {
    const { state } = network.process(n);
    assert.equal(state.connected.size, 4);
    assert.deepEqual(
      state.view.members.map((member) => member.state),
      Array(5).fill("alive"),
    );
  }
});

test("a join asked for before the other node runs comes about when it does", () => {
  const network = new MemberNetwork(2);
  network.start(0);
  network.join(0, addressOf(1));
  network.pass(30_000);
  network.start(1);
  network.pass(2_000);
  assertEqualViews(network);
  assert.equal(network.member(0, 1)?.state, "alive");
});

test("two networks become one by one join between any two of their nodes", () => {
  const network = new MemberNetwork(6);
  for (let n = 0; n < 6; n++) network.start(n);
  for (const n of [1, 2]) network.join(n, addressOf(0));
  for (const n of [4, 5]) network.join(n, addressOf(3));
  network.pass(2_000);
  assert.equal(network.process(2).state.view.members.length, 3);
  network.join(2, addressOf(5));
  network.pass(2_000);
  assertEqualViews(network);
  assert.equal(network.process(0).state.view.members.length, 6);
});

test("a crashed process whose host answers is away for everyone, and stays it", () => {
  const network = chain(3);
  network.pass(2_000);
  network.crash(1);
  network.pass(1_000);
  assert.deepEqual(states(network, 1), ["away", "away"]);
  network.pass(60_000);
  assert.deepEqual(states(network, 1), ["away", "away"]);
});

test("a host that falls silent is dead after 5 s, not before, and its connection is given up", () => {
  const network = chain(3);
  network.pass(2_000);
  network.vanish(1);
  network.pass(3_800);
  assert.deepEqual(states(network, 1), ["alive", "alive"]);
  network.pass(1_600);
  assert.deepEqual(states(network, 1), ["dead", "dead"]);
  assert.equal(network.process(0).state.connected.has(idOf(1)), false);
});

test("an away node whose host then falls silent is dead", () => {
  const network = chain(2);
  network.pass(2_000);
  network.crash(1);
  network.pass(2_000);
  assert.equal(network.member(0, 1)?.state, "away");
  network.vanish(1);
  network.pass(7_000);
  assert.equal(network.member(0, 1)?.state, "dead");
});

test("a node that is back is alive again without being asked, under a higher incarnation", () => {
  for (const end of ["crash", "vanish"] as const) {
    const network = chain(3);
    network.pass(2_000);
    const before = network.member(0, 1)?.incarnation ?? 0;
    network[end](1);
    network.pass(20_000);
    network.start(1);
    network.pass(7_000);
    assert.deepEqual(states(network, 1), ["alive", "alive"]);
    assert.ok((network.member(0, 1)?.incarnation ?? 0) > before);
    assertEqualViews(network);
  }
});

test("a partition of any length heals by itself", () => {
  const network = chain(4);
  network.pass(2_000);
  for (const a of [0, 1]) for (const b of [2, 3]) network.cut(a, b);
  network.pass(600_000);
  assert.equal(network.member(0, 3)?.state, "dead");
  assert.equal(network.member(3, 0)?.state, "dead");
  network.heal();
  network.pass(7_000);
  assertEqualViews(network);
  assert.equal(network.member(0, 3)?.state, "alive");
});

test("a node that stalled does not take others for dead", () => {
  const network = chain(2);
  network.pass(2_000);
  network.pass(20_000, new Set([0]));
  const { published } = network.process(0);
  const versions = published.length;
  network.pass(400);
  assert.equal(network.member(0, 1)?.state, "alive");
  const since = published.slice(versions).flatMap(({ members }) => members);
  assert.ok(since.every(({ id, state }) => id !== idOf(1) || state === "alive"));
});

test("a node that leaves has left for everyone, and is neither dialed nor found dead", () => {
  const network = chain(3);
  network.pass(2_000);
  network.feed(1, { kind: "leave" });
  network.pass(200);
  network.crash(1);
  network.pass(20_000);
  assert.deepEqual(states(network, 1), ["left", "left"]);
  network.start(1);
  network.join(1, addressOf(0));
  network.pass(2_000);
  assert.deepEqual(states(network, 1), ["alive", "alive"]);
});

test("whoever sends a view that lacks something is answered at once, whoever lacks nothing is not", () => {
  const network = chain(2);
  network.pass(2_000);
  const { state } = network.process(0);
  const own = state.view.members.filter(({ id }) => id === idOf(1));
  const receive = (members: readonly Member[]) =>
    stepMembership(
      state,
      { kind: "received", from: idOf(1), view: { version: 1, members } },
      network.nowMs,
    ).effects;
  assert.deepEqual(receive(own), [{ kind: "send", to: idOf(1), view: state.view }]);
  assert.deepEqual(receive(state.view.members), []);
});

test("changed facts are known everywhere at once", () => {
  const network = chain(3);
  network.pass(2_000);
  const changed = { ...facts, labels: { zone: "eu" } };
  network.feed(2, { kind: "facts-changed", facts: changed });
  network.pass(200);
  for (const n of network.running) assert.deepEqual(network.member(n, 2)?.facts, changed);
});

test("a node whose disk is older than what others remember resumes above that", () => {
  const network = new MemberNetwork(2);
  network.start(0);
  network.start(1, { boot: 9 });
  network.join(1, addressOf(0));
  network.pass(1_000);
  network.crash(1);
  network.pass(1_000);
  const before = network.member(0, 1)?.incarnation ?? 0;
  network.start(1, { boot: 3 });
  network.pass(3_000);
  assert.equal(network.member(0, 1)?.state, "alive");
  assert.ok((network.member(0, 1)?.incarnation ?? 0) > before);
  assertEqualViews(network);
});

test("of two nodes of one name that join at the same moment the larger id is told to stop", () => {
  const network = new MemberNetwork(4);
  network.start(0);
  network.start(1);
  network.join(1, addressOf(0));
  network.pass(1_000);
  network.start(2, { name: "twin" });
  network.start(3, { name: "twin" });
  network.join(2, addressOf(0));
  network.join(3, addressOf(1));
  network.pass(2_000);
  assert.deepEqual(network.process(2).nameTaken, []);
  assert.equal(network.process(3).nameTaken[0]?.id, idOf(2));
});

test("a node with the address of one that is no more is met, and found away, like any other", () => {
  const network = chain(2);
  network.pass(2_000);
  network.crash(1);
  network.pass(2_000);
  network.start(1, { id: idOf(9), name: "reborn" });
  network.join(1, addressOf(0));
  network.pass(2_000);
  const stateOf = (n: number) =>
    network.process(0).state.view.members.find(({ id }) => id === idOf(n))?.state;
  assert.deepEqual([stateOf(1), stateOf(9)], ["away", "alive"]);
  const dials = network.dials;
  network.pass(10_000);
  assert.equal(network.dials, dials);
  network.crash(1);
  network.pass(1_000);
  assert.deepEqual([stateOf(1), stateOf(9)], ["dead", "away"]);
});

test("a join that was given up is dialed no more, and comes about when asked for anew", () => {
  const network = new MemberNetwork(2);
  network.start(0);
  network.join(0, addressOf(1));
  network.pass(3_000);
  assert.ok(network.dials > 1);
  network.feed(0, { kind: "join-given-up", address: addressOf(1) });
  const { dials } = network;
  network.pass(60_000);
  assert.equal(network.dials, dials);
  network.start(1);
  network.join(0, addressOf(1));
  network.pass(2_000);
  assert.equal(network.member(0, 1)?.state, "alive");
});

test("giving up a join leaves a node alone that is known by now", () => {
  const network = chain(2);
  network.pass(2_000);
  network.crash(1);
  network.feed(0, { kind: "join-given-up", address: addressOf(1) });
  network.start(1);
  network.pass(5_000);
  assert.equal(network.member(0, 1)?.state, "alive");
});

test("a join to oneself ends", () => {
  const network = chain(1);
  network.join(0, addressOf(0));
  network.pass(1_000);
  assert.equal(network.process(0).state.view.members.length, 1);
});

test("quiet nodes send one view a second to each other, and publish nothing", () => {
  const network = chain(3);
  network.pass(3_000);
  const published = network.process(0).published.length;
  const before = network.sent;
  network.pass(10_000);
  assert.equal(network.process(0).published.length, published);
  assert.ok(network.sent - before <= 3 * 2 * 10);
});

test("published views have rising versions and are sorted by id", () => {
  const network = chain(4);
  network.pass(2_000);
  const { published } = network.process(2);
  for (const [at, view] of published.entries()) {
    assert.ok(view.version > (published[at - 1]?.version ?? 0));
    const ids = view.members.map(({ id }) => id);
    assert.deepEqual(ids, [...ids].sort());
  }
});

test("after any joins, crashes, cuts and restarts, then quiet, all live views are equal and true", () => {
  const size = 5;
  const node = fc.nat(size - 1);
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom("start", "crash", "vanish", "facts", "heal"), node }),
    fc.record({ kind: fc.constantFrom("join", "cut"), node, other: node }),
    fc.record({ kind: fc.constant("pass"), node, ms: fc.nat(8_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const network = chain(size);
      for (const next of steps) {
        const other = "other" in next ? next.other : 0;
        if (next.kind === "start") network.start(next.node);
        else if (next.kind === "crash") network.crash(next.node);
        else if (next.kind === "vanish") network.vanish(next.node);
        else if (next.kind === "facts") network.feed(next.node, { kind: "facts-changed", facts });
        else if (next.kind === "heal") network.heal();
        else if (next.kind === "join") network.join(next.node, addressOf(other));
        else if (next.kind === "cut") network.cut(next.node, other);
        else network.pass("ms" in next ? next.ms : 0);
      }
      network.heal();
      for (let n = 1; n < size; n++) {
        network.start(n);
        network.join(n, addressOf(0));
      }
      network.start(0);
      network.pass(20_000);
      assertEqualViews(network);
      const [view] = network.running.map((n) => network.process(n).state.view);
      assert.deepEqual(
        view?.members.map(({ state }) => state),
        Array(size).fill("alive"),
      );
    }),
    { numRuns: 200 },
  );
});

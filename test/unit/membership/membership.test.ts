import assert from "node:assert/strict";
import { test } from "node:test";
import { viewMsPerMember } from "../../../src/membership/publishing.ts";
import { idOf } from "../../../src/simulator/member-host.ts";
import { MemberNetwork } from "../../../src/simulator/member-network.ts";
import { areAll, settled, statesOf, views } from "./members.ts";

/** Nodes 0 to `size` - 1, each joined to the one before it. */
function chain(size: number): MemberNetwork {
  const network = new MemberNetwork({ seed: 1, size });
  for (let n = 0; n < size; n++) {
    network.start(n);
    if (n > 0) network.join(n, n - 1);
  }
  return network;
}

function assertWhole(network: MemberNetwork): void {
  assert.equal(new Set(views(network)).size, 1);
  for (const { number } of network.running) {
    assert.ok(areAll(statesOf(network, number), "alive"), `node ${number} is alive for all`);
  }
  assert.deepEqual(network.violations, []);
}

test("nodes that join through any other know each other within a second, and are all connected", () => {
  const network = chain(6);
  network.run(1_000);
  assertWhole(network);
  for (const { number } of network.running) assert.equal(network.state(number).connected.size, 5);
});

test("a join asked for before the other node runs comes about when it does", () => {
  const network = new MemberNetwork({ seed: 1, size: 2 });
  network.start(0);
  network.join(0, 1);
  network.run(30_000);
  network.start(1);
  network.run(3_000);
  assertWhole(network);
});

test("two networks that never met become one by one join between any two of their nodes", () => {
  const network = new MemberNetwork({ seed: 1, size: 6 });
  for (let n = 0; n < 6; n++) network.start(n);
  for (const n of [1, 2]) network.join(n, 0);
  for (const n of [4, 5]) network.join(n, 3);
  network.run(2_000);
  assert.equal(network.state(2).view.members.length, 3);
  network.join(2, 5);
  network.run(2_000);
  assertWhole(network);
  assert.equal(network.state(0).view.members.length, 6);
});

test("a killed process whose host answers is away for everyone within a second, and stays it", () => {
  for (const size of [2, 3, 10]) {
    const network = settled(size);
    network.crash(1);
    network.run(1_000);
    assert.ok(areAll(statesOf(network, 1), "away"), `of ${size}`);
    network.run(120_000);
    assert.ok(areAll(statesOf(network, 1), "away"), `of ${size}`);
  }
});

test("processes killed at the same moment are all away, though they cannot be seen by each other", () => {
  const network = settled(4);
  for (const n of [1, 2, 3]) network.crash(n);
  network.run(1_000);
  for (const n of [1, 2, 3]) assert.equal(network.member(0, n)?.state, "away");
});

test("a host that vanishes is suspected, then dead for everyone, and its connections are given up", () => {
  const network = settled(10);
  network.vanish(1);
  network.run(2_500);
  assert.ok(areAll(statesOf(network, 1), "suspect"));
  network.run(4_500);
  assert.ok(areAll(statesOf(network, 1), "dead"));
  assert.equal(network.state(0).connected.has(network.host(1).id), false);
});

test("of two nodes the one left finds out alone, in the least time", () => {
  const network = settled(2);
  network.vanish(1);
  network.run(5_000);
  assert.equal(network.member(0, 1)?.state, "dead");
});

test("an away node whose host then falls silent is dead", () => {
  const network = settled(3);
  network.crash(1);
  network.run(2_000);
  network.vanish(1);
  network.run(20_000);
  assert.ok(areAll(statesOf(network, 1), "dead"));
});

test("a node that is back is alive again without being asked, under a higher boot", () => {
  for (const end of ["crash", "vanish"] as const) {
    const network = settled(3);
    const before = network.member(0, 1)?.incarnation ?? 0;
    network[end](1);
    network.run(20_000);
    network.start(1);
    network.run(10_000);
    assertWhole(network);
    assert.ok((network.member(0, 1)?.incarnation ?? 0) > before);
    assert.deepEqual(network.outdated, []);
  }
});

test("partitions heal by themselves, however long they were, and kill no one in passing", () => {
  for (const minutes of [0.5, 10, 120]) {
    const network = settled(5);
    for (const a of [0, 1]) for (const b of [2, 3, 4]) network.cut(a, b);
    network.run(minutes * 60_000);
    assert.deepEqual(statesOf(network, 4), ["dead", "dead", "alive", "alive"]);
    network.heal();
    let within = 0;
    network.onView = ({ number }, { members }) => {
      const own = number < 2 ? [0, 1] : [2, 3, 4];
      const ids = own.map((n) => network.host(n).id);
      within += members.filter(({ id, state }) => ids.includes(id) && state === "dead").length;
    };
    network.run(80_000);
    assertWhole(network);
    assert.equal(within, 0);
  }
});

test("two parts that grew apart are one at once when a join is asked for", () => {
  const network = settled(6);
  for (const a of [0, 1, 2]) for (const b of [3, 4, 5]) network.cut(a, b);
  network.run(7_200_000);
  network.heal();
  network.join(0, 5);
  network.run(3_000);
  assertWhole(network);
});

test("a link that fails in one direction or both accuses nobody, as long as others reach them", () => {
  for (const isOneWay of [true, false]) {
    const network = settled(5);
    network.cut(0, 1, isOneWay);
    network.run(1_000);
    let accused = 0;
    network.onView = (_host, { members }) => {
      accused += members.filter(({ state }) => state !== "alive" && state !== "suspect").length;
    };
    network.run(600_000);
    assert.equal(accused, 0);
    network.heal();
    network.run(5_000);
    assertWhole(network);
    assert.equal(network.state(0).connected.size, 4);
  }
});

test("a node that stands still for two seconds is not dead, and accuses no one when it goes on", () => {
  const network = settled(10);
  let accused = 0;
  network.onView = (_host, { members }) => {
    accused += members.filter(({ state }) => state === "dead" || state === "away").length;
  };
  for (let round = 0; round < 60; round++) {
    network.stall(round % 10, 1_990);
    network.run(10_000 + round * 37);
  }
  assert.equal(accused, 0);
});

test("a node that stood still for half a minute takes no one for dead, and is back at once", () => {
  const network = settled(3);
  network.stall(0, 30_000);
  network.run(29_000);
  assert.deepEqual(statesOf(network, 0), ["dead", "dead"]);
  const wrong: string[] = [];
  network.onView = ({ number }, { members }) => {
    if (number !== 0) return;
    for (const { name, state } of members) if (state !== "alive") wrong.push(`${name} ${state}`);
  };
  network.run(10_000);
  assertWhole(network);
  assert.deepEqual(wrong, []);
});

test("a busy node, whose every timer is late, accuses no one", () => {
  const network = settled(3);
  let accused = 0;
  network.onView = ({ number }, { members }) => {
    if (number === 0) accused += members.filter(({ state }) => state !== "alive").length;
  };
  for (let round = 0; round < 200; round++) {
    network.stall(0, 600);
    network.run(620);
  }
  assert.equal(accused, 0);
  assert.ok(network.state(0).health > 0);
  network.run(60_000);
  assert.equal(network.state(0).health, 0);
});

test("a node that leaves has left for everyone at once, and is neither dialed nor found dead", () => {
  const network = settled(3);
  network.feed(1, { kind: "leave" });
  network.run(100);
  assert.ok(areAll(statesOf(network, 1), "left"));
  network.crash(1);
  const { dials } = network;
  network.run(600_000);
  assert.equal(network.dials, dials);
  assert.ok(areAll(statesOf(network, 1), "left"));
  network.start(1);
  network.join(1, 0);
  network.run(2_000);
  assertWhole(network);
});

test("a forgotten node is in no view, is dialed no more, and learns of it when it comes back", () => {
  const network = settled(4);
  const { id } = network.host(1);
  const name = network.member(0, 1)?.name;
  network.vanish(1);
  network.run(20_000);
  network.feed(2, { kind: "forget", node: id });
  network.run(1_000);
  for (const n of [0, 2, 3]) {
    assert.equal(network.member(n, 1), undefined);
    assert.deepEqual(network.state(n).view.forgotten, [{ id, name }]);
  }
  network.run(10_000);
  const { dials } = network;
  network.run(600_000);
  assert.equal(network.dials, dials);
  network.start(1);
  network.join(1, 3);
  network.run(3_000);
  assertWhole(network);
  for (const n of [0, 1, 2, 3]) {
    assert.equal(network.state(n).view.forgotten, undefined);
  }
  assert.deepEqual(
    network.outdated.map(({ host, why }) => [host.number, why]),
    [[1, "forgotten"]],
  );
});

test("a live node is not forgotten", () => {
  const network = settled(2);
  network.feed(0, { kind: "forget", node: network.host(1).id });
  network.run(1_000);
  assertWhole(network);
});

test("changed facts are known everywhere at once", () => {
  const network = settled(5);
  const facts = { providers: [], labels: { zone: "eu" }, version: "1" };
  network.feed(2, { kind: "facts-changed", facts });
  network.run(1_000);
  for (let n = 0; n < 5; n++) assert.deepEqual(network.member(n, 2)?.facts, facts);
  assertWhole(network);
});

test("a node whose disk is an old snapshot resumes above all lives that others remember", () => {
  for (const boot of [3, 8, 9]) {
    const network = new MemberNetwork({ seed: 1, size: 3 });
    network.start(0);
    network.start(1, { boot: 9 });
    network.start(2);
    network.join(1, 0);
    network.join(2, 0);
    network.run(2_000);
    network.crash(1);
    network.run(3_000);
    network.start(1, { boot });
    network.join(1, 0);
    network.run(3_000);
    assertWhole(network);
    assert.deepEqual(
      network.outdated.map(({ host, why }) => [host.number, why]),
      [[1, "snapshot"]],
    );
    assert.equal(network.host(1).boot, 10);
  }
});

test("of two nodes of one name that join at the same moment the larger id is told to stop", () => {
  const network = new MemberNetwork({ seed: 1, size: 4 });
  network.start(0);
  network.start(1);
  network.join(1, 0);
  network.run(1_000);
  network.start(2, { name: "twin" });
  network.start(3, { name: "twin" });
  network.join(2, 0);
  network.join(3, 1);
  network.run(2_000);
  const [first, second] = [network.host(2), network.host(3)].sort((a, b) => (a.id < b.id ? -1 : 1));
  const told = network.nameTaken.map(({ host, by }) => [host.number, by.id]);
  assert.ok(told.length > 0);
  assert.ok(told.every(([number, by]) => number === second?.number && by === first?.id));
});

test("a second node of a live node's name is not let in", () => {
  const network = settled(3);
  const twins = new MemberNetwork({ seed: 2, size: 3 });
  twins.start(0);
  twins.start(1);
  twins.join(1, 0);
  twins.run(1_000);
  twins.start(2, { name: "node-0" });
  twins.join(2, 1);
  twins.run(5_000);
  assert.equal(twins.state(0).view.members.length, 2);
  assert.deepEqual(network.nameTaken, []);
});

test("a node with the address of one that is no more is met, and found away, like any other", () => {
  const network = settled(2);
  const old = network.host(1).id;
  network.crash(1);
  network.run(2_000);
  network.start(1, { id: network.host(0).id.replace(/^./, "f") as typeof old, name: "reborn" });
  network.join(1, 0);
  network.run(2_000);
  const stateOf = (id: string) =>
    network.state(0).view.members.find((member) => member.id === id)?.state;
  assert.deepEqual([stateOf(old), stateOf(network.host(1).id)], ["away", "alive"]);
  network.run(60_000);
  const { dials } = network;
  network.run(60_000);
  assert.equal(network.dials, dials);
  network.crash(1);
  network.run(1_000);
  assert.equal(stateOf(network.host(1).id), "away");
});

test("a node that comes back under another id at its address is let in, and its predecessor is gone", () => {
  for (const end of ["crash", "vanish"] as const) {
    const network = settled(5);
    const { id: old } = network.host(1);
    network[end](1);
    network.run(50); // Before anyone can have noticed.
    network.start(1, { id: idOf(77) });
    network.join(1, 0);
    network.run(15_000);
    assert.deepEqual(network.nameTaken, []);
    for (const { number } of network.running) {
      const { members } = network.state(number).view;
      const states = members.map(({ id, state }) => [id === old ? "old" : "live", state].join());
      assert.deepEqual(states.sort(), [...Array(5).fill("live,alive"), "old,dead"], end);
    }
  }
});

test("where another node answers at once at a killed one's address, that is away within two seconds", () => {
  const network = settled(5);
  const { id: old } = network.host(1);
  network.crash(1);
  network.start(1, { id: idOf(77) });
  network.join(1, 0);
  network.run(2_000);
  const stateAt = (number: number) =>
    network.state(number).view.members.find(({ id }) => id === old)?.state;
  assert.deepEqual([0, 2, 3, 4].map(stateAt), Array(4).fill("away"));
});

test("beyond a full mesh it is found dead as well, though most who should see it never met it", () => {
  const size = 14;
  const network = settled(size, { membership: { meshPeersMax: 4 } });
  const { id: old } = network.host(1);
  const others = Array.from({ length: size - 1 }, (_, i) => i + 1);
  for (const number of others) network.crash(number);
  for (const number of others) {
    network.start(number, number === 1 ? { id: idOf(77) } : {});
    network.join(number, 0);
  }
  network.run(30_000);
  for (const { number } of network.running) {
    const { members } = network.state(number).view;
    assert.equal(members.filter(({ state }) => state === "alive").length, size);
    assert.notEqual(members.find(({ id }) => id === old)?.state, "alive", `node ${number}`);
  }
});

test("a join that was given up is dialed no more, and comes about when asked for anew", () => {
  const network = new MemberNetwork({ seed: 1, size: 2 });
  network.start(0);
  network.join(0, 1);
  network.run(3_000);
  assert.ok(network.dials > 1);
  network.feed(0, { kind: "join-given-up", address: network.host(1).address });
  const { dials } = network;
  network.run(60_000);
  assert.equal(network.dials, dials);
  network.start(1);
  network.join(0, 1);
  network.run(2_000);
  assertWhole(network);
});

test("a join to oneself ends", () => {
  const network = new MemberNetwork({ seed: 1, size: 1 });
  network.start(0);
  network.join(0, 0);
  network.run(10_000);
  assert.equal(network.dials, 0);
  assert.equal(network.state(0).view.members.length, 1);
});

test("the dead are dialed every five seconds, after hours once a minute, and never given up", () => {
  const network = settled(2);
  network.vanish(1);
  network.run(10_000);
  const dialsIn = (ms: number) => {
    const before = network.dials;
    network.run(ms);
    return network.dials - before;
  };
  const early = dialsIn(300_000);
  assert.ok(early >= 30 && early <= 60, `${early} in five minutes`); // A dial itself takes 3 s.
  network.run(86_400_000);
  const late = dialsIn(3_600_000);
  assert.ok(late >= 50 && late <= 70, `${late} an hour, a day later`);
});

test("a node that died three times in five minutes is marked, until it was stable for a minute", () => {
  const network = settled(3);
  for (let round = 0; round < 3; round++) {
    assert.equal(network.member(0, 1)?.flapping, undefined);
    network.crash(1);
    network.run(5_000);
    network.start(1);
    network.join(1, 0);
    network.run(5_000);
  }
  assert.equal(network.member(0, 1)?.flapping, true);
  assert.equal(network.member(0, 1)?.state, "alive");
  network.run(40_000);
  assert.equal(network.member(0, 1)?.flapping, true);
  network.run(30_000);
  assert.equal(network.member(0, 1)?.flapping, undefined);
});

test("deaths of one moment are one change of the view", () => {
  const network = settled(8);
  const deaths: number[] = [];
  network.onView = ({ number }, { members }) => {
    if (number === 0) deaths.push(members.filter(({ state }) => state === "away").length);
  };
  for (const n of [3, 4, 5, 6]) network.crash(n);
  network.run(2_000);
  assert.deepEqual(deaths, [4]);
});

test("of nodes that come in a crowd each view shows many, and the last of them all", () => {
  const size = 60;
  const network = new MemberNetwork({ seed: 1, size });
  const shown: { readonly atMs: number; readonly members: number }[] = [];
  network.onView = ({ number }, { members }) => {
    if (number === 0) shown.push({ atMs: network.now, members: members.length });
  };
  for (let n = 0; n < size; n++) {
    network.start(n);
    if (n > 0) network.join(n, 0);
  }
  network.run(2_000);
  assertWhole(network);
  assert.equal(shown.at(-1)?.members, size);
  for (const [at, { atMs, members }] of shown.entries()) {
    const before = shown[at - 1];
    if (before === undefined) continue;
    assert.ok(atMs - before.atMs >= viewMsPerMember * before.members, `${members} at ${atMs} ms`);
  }
});

test("a quiet network sends four messages a second and node, dials no one and publishes nothing", () => {
  for (const size of [2, 3, 10]) {
    const network = settled(size);
    const before = { sent: network.sent, dials: network.dials };
    let published = 0;
    network.onView = () => {
      published += 1;
    };
    network.run(60_000);
    const perNode = (network.sent - before.sent) / 60 / size;
    assert.ok(perNode > 3 && perNode < 4.5, `${perNode} with ${size}`);
    assert.equal(network.dials, before.dials);
    assert.equal(published, 0);
  }
});

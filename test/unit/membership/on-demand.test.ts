import assert from "node:assert/strict";
import { test } from "node:test";
import type { MembershipEvent } from "../../../src/membership/events.ts";
import { stepMembership } from "../../../src/membership/membership.ts";
import { mayBeWanted } from "../../../src/membership/on-demand.ts";
import type { MemberNetwork } from "../../../src/simulator/member-network.ts";
import { areAll, settled, statesOf } from "./members.ts";

const size = 14;
const partial = () => settled(size, { membership: { meshPeersMax: 2 } });

/** A node that node 0 is not connected with. */
function stranger(network: MemberNetwork): number {
  const { connected } = network.state(0);
  const found = network.running.find(({ number, id }) => number > 0 && !connected.has(id));
  assert.ok(found !== undefined, "not all are connected");
  return found.number;
}

function kindsAfter(network: MemberNetwork, event: MembershipEvent): readonly string[] {
  const { effects } = stepMembership(network.state(0), event, network.now);
  return effects.map(({ kind }) => kind);
}

test("a live node that something is for is connected with, whoever are neighbours", () => {
  const network = partial();
  const other = stranger(network);
  network.feed(0, { kind: "wanted", peer: network.host(other).id });
  network.run(500);
  assert.ok(network.state(0).connected.has(network.host(other).id));
  assert.ok(network.state(other).connected.has(network.host(0).id));
});

test("where the dial fails, it is told, and not dialed again", () => {
  const network = partial();
  const { id, address } = network.host(stranger(network));
  assert.ok(kindsAfter(network, { kind: "wanted", peer: id }).includes("dial"));
  const failed = kindsAfter(network, { kind: "dial-failed", address, why: "unreachable" });
  assert.ok(failed.includes("unmet"));
  assert.equal(
    network.state(0).redial.nodes.has(id) && network.state(0).redial.wanted.has(id),
    false,
  );
  network.run(20_000);
  assert.equal(network.state(0).connected.has(id), false);
});

test("one that dies meanwhile, or is not known, is told of at once", () => {
  const network = partial();
  const other = stranger(network);
  const { id } = network.host(other);
  network.vanish(other);
  network.run(20_000);
  assert.ok(areAll(statesOf(network, other), "dead"));
  assert.equal(mayBeWanted(network.state(0), id), false);
  assert.deepEqual(
    kindsAfter(network, { kind: "wanted", peer: id }).filter((kind) => kind === "unmet"),
    ["unmet"],
  );
});

test("in a full mesh no one is asked for: who is not connected is dialed already", () => {
  const network = settled(4);
  for (const { id } of network.running) assert.equal(mayBeWanted(network.state(0), id), false);
});

test("a connection on demand that ends is not dialed again, and accuses no one", () => {
  const network = partial();
  const other = stranger(network);
  const { id } = network.host(other);
  network.feed(0, { kind: "wanted", peer: id });
  network.run(500);
  const kinds = kindsAfter(network, { kind: "disconnected", peer: id });
  assert.equal(kinds.includes("dial"), false);
  network.run(10_000);
  assert.ok(areAll(statesOf(network, other), "alive"));
});

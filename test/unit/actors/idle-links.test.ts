import assert from "node:assert/strict";
import { test } from "node:test";
import { IdleLinks } from "../../../src/actors/idle-links.ts";
import type { Link } from "../../../src/actors/links.ts";
import { asNodeId } from "../../../src/core/ids.ts";

const limits = { idleMs: 60, onDemandMax: 3 };
const notTied = () => false;

function linkWith(name: string): Link {
  const peer = asNodeId(name);
  const established = { dialer: peer, boot: 1 };
  return {
    peer,
    established,
    sinceMs: 0,
    isOpen: true,
    uses: 0,
    send: () => true,
    close: () => {},
  };
}

test("what carried nothing for long is closed, and a use begins that anew", () => {
  const [a, b] = [linkWith("a"), linkWith("b")];
  const idle = new IdleLinks();
  assert.deepEqual(idle.toClose([a, b], 0, limits, notTied), []);
  b.uses += 1;
  assert.deepEqual(idle.toClose([a, b], 40, limits, notTied), []);
  assert.deepEqual(idle.toClose([a, b], 60, limits, notTied), [a]);
  assert.deepEqual(idle.toClose([b], 99, limits, notTied), []);
  assert.deepEqual(idle.toClose([b], 100, limits, notTied), [b]);
});

test("of more than there may be those that were used last are kept", () => {
  const links = ["a", "b", "c", "d", "e"].map(linkWith);
  const idle = new IdleLinks();
  for (const [at, link] of links.entries()) {
    link.uses += 1;
    idle.toClose(links.slice(0, at + 1), at, { ...limits, onDemandMax: 9 }, notTied);
  }
  assert.deepEqual(idle.toClose(links, 10, limits, notTied), links.slice(0, 2));
});

test("whoever would lose something keeps its connection", () => {
  const links = ["a", "b", "c", "d"].map(linkWith);
  const idle = new IdleLinks();
  idle.toClose(links, 0, { ...limits, onDemandMax: 9 }, notTied);
  const closed = idle.toClose(links, 1_000, limits, (peer) => peer !== "d");
  assert.deepEqual(closed, links.slice(3));
});

test("a new connection with a peer is none that was idle before", () => {
  const idle = new IdleLinks();
  idle.toClose([linkWith("a")], 0, limits, notTied);
  idle.toClose([], 50, limits, notTied);
  assert.deepEqual(idle.toClose([linkWith("a")], 100, limits, notTied), []);
});

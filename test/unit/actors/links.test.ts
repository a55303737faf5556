import assert from "node:assert/strict";
import { test } from "node:test";
import { type Link, Links } from "../../../src/actors/links.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import type { Message } from "../../../src/wire/messages.ts";

const peer = asNodeId("0".repeat(31).concat("b"));
const nack = (seq: number): Message => ({ kind: "nack", seq });

function linkInto(sent: Message[]): Link {
  const established = { dialer: peer, boot: 1 };
  const send = (message: Message) => sent.push(message) > 0;
  return { peer, established, sinceMs: 0, isOpen: true, uses: 0, send, close: () => {} };
}

function demanding(): { readonly links: Links; readonly asked: string[] } {
  const links = new Links(() => undefined);
  const asked: string[] = [];
  links.useDemand((node) => asked.push(node) > 0);
  return { links, asked };
}

test("what is for a peer that is not connected waits for its connection, in order", () => {
  const { links, asked } = demanding();
  for (const seq of [1, 2, 3]) assert.ok(links.send(peer, nack(seq)));
  assert.deepEqual(asked, [peer], "it is asked for once");
  assert.ok(links.reaches(peer));
  assert.equal(links.isConnected(peer), false);
  assert.deepEqual(links.awaited(), [peer]);
  const sent: Message[] = [];
  links.open(linkInto(sent));
  assert.ok(links.send(peer, nack(4)));
  assert.deepEqual(sent, [1, 2, 3, 4].map(nack));
  assert.deepEqual(links.awaited(), []);
});

test("where no connection comes about, what waited is lost, and the next one asks again", () => {
  const { links, asked } = demanding();
  links.send(peer, nack(1));
  assert.ok(links.giveUp(peer));
  assert.equal(links.giveUp(peer), false);
  assert.equal(links.reaches(peer), false);
  links.send(peer, nack(2));
  assert.equal(asked.length, 2);
  const sent: Message[] = [];
  links.open(linkInto(sent));
  assert.deepEqual(sent, [nack(2)]);
});

test("where no connection may be asked for, nothing is sent", () => {
  const links = new Links(() => undefined);
  assert.equal(links.send(peer, nack(1)), false);
  assert.equal(links.reaches(peer), false);
});

test("so many messages wait and no more", () => {
  const { links } = demanding();
  let taken = 0;
  while (taken < 1e6 && links.send(peer, nack(taken))) taken += 1;
  assert.equal(taken, 10_000);
});

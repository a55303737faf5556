import assert from "node:assert/strict";
import { test } from "node:test";
import { asNodeId, type NodeId } from "../../../src/core/ids.ts";
import {
  type Established,
  type HandshakeEffect,
  identityOf,
  type Neighbours,
  startHandshake,
  stepHandshake,
} from "../../../src/wire/handshake.ts";
import type { Identity, Message } from "../../../src/wire/messages.ts";

const idOf = (letter: string) => asNodeId(letter.repeat(32));
const identity = (letter: string, changed: Partial<Identity> = {}): Identity => ({
  ...identityOf({
    network: "mob",
    node: idOf(letter),
    boot: 1,
    name: `name-${letter}`,
    address: "127.0.0.1:1",
  }),
  ...changed,
});
const alone: Neighbours = { connectionWith: () => undefined, holderOf: () => undefined };
const connectedWith = (established: Established): Neighbours => ({
  ...alone,
  connectionWith: () => established,
});

const sent = (effects: readonly HandshakeEffect[]): Message | undefined =>
  effects.flatMap((effect) => (effect.kind === "send" ? [effect.message] : []))[0];
const outcome = (effects: readonly HandshakeEffect[]) => {
  const last = effects.at(-1);
  return last?.kind === "refused" ? last.code : last?.kind;
};

/** A whole handshake; how it ended at the dialer and at the acceptor. */
function shake(
  dialer: Identity,
  acceptor: Identity,
  known: { dialer?: Neighbours; acceptor?: Neighbours } = {},
): readonly (string | undefined)[] {
  const dialing = startHandshake("dialer", dialer);
  const accepting = startHandshake("acceptor", acceptor);
  assert.deepEqual(accepting.effects, []);
  const hello = sent(dialing.effects);
  assert.ok(hello !== undefined);
  const answer = stepHandshake(accepting.state, hello, known.acceptor ?? alone);
  const reply = sent(answer.effects);
  assert.ok(reply !== undefined);
  const end = stepHandshake(dialing.state, reply, known.dialer ?? alone);
  return [outcome(end.effects), outcome(answer.effects)];
}

test("two nodes of one network come together, each told who the other is", () => {
  assert.deepEqual(shake(identity("a"), identity("b")), ["established", "established"]);
  const hello: Message = { kind: "hello", magic: "mob", ...identity("a", { boot: 9 }) };
  const { effects } = stepHandshake(startHandshake("acceptor", identity("b")).state, hello, alone);
  assert.deepEqual(effects.at(-1), {
    kind: "established",
    peer: identity("a", { boot: 9 }),
    connection: { dialer: idOf("a"), boot: 9 },
  });
});

test("another network, another major version and oneself are refused, and both sides know why", () => {
  const refusals = [
    [identity("a", { network: "other" }), "other_network"],
    [identity("a", { major: 2 }), "other_version"],
    [identity("b"), "self"],
    [identity("a", { name: "name-b" }), "name_taken"],
  ] as const;
  for (const [dialer, code] of refusals) {
    assert.deepEqual(shake(dialer, identity("b")), [code, code]);
  }
});

test("a later minor version is let in", () => {
  assert.deepEqual(shake(identity("a", { minor: 7 }), identity("b")), [
    "established",
    "established",
  ]);
});

test("the name of another live node is refused, by whichever side knows of it", () => {
  const knows = (holder: NodeId): Neighbours => ({ ...alone, holderOf: () => holder });
  const [a, b] = [identity("a"), identity("b")];
  assert.deepEqual(shake(a, b, { acceptor: knows(idOf("c")) }), ["name_taken", "name_taken"]);
  assert.equal(shake(a, b, { dialer: knows(idOf("c")) })[0], "name_taken");
  assert.deepEqual(shake(a, b, { acceptor: knows(idOf("a")) }), ["established", "established"]);
});

test("of two crossing dials that of the smaller id stays, whichever is done first, at both ends", () => {
  const [a, b] = [identity("a"), identity("b")];
  const dialedBy = (letter: string) => connectedWith({ dialer: idOf(letter), boot: 1 });
  // b's dial is done at both ends: a's replaces it. a's is done: b's is refused.
  assert.deepEqual(shake(a, b, { acceptor: dialedBy("b"), dialer: dialedBy("b") }), [
    "established",
    "established",
  ]);
  assert.deepEqual(shake(b, a, { acceptor: dialedBy("a"), dialer: dialedBy("a") }), [
    "duplicate",
    "duplicate",
  ]);
  // Each side accepted the other's while its own was under way.
  assert.equal(shake(a, b, { dialer: dialedBy("b") })[0], "established");
  assert.equal(shake(b, a, { dialer: dialedBy("a") })[0], "duplicate");
});

test("a dial replaces an older one of the same dialer, whose end the other has not seen", () => {
  const older = connectedWith({ dialer: idOf("b"), boot: 1 });
  assert.deepEqual(shake(identity("b"), identity("a"), { acceptor: older }), [
    "established",
    "established",
  ]);
});

test("a peer's later life replaces what is left of its earlier one, and not the other way round", () => {
  const earlier = connectedWith({ dialer: idOf("a"), boot: 1 });
  const reborn = identity("b", { boot: 2 });
  assert.equal(shake(reborn, identity("a"), { acceptor: earlier })[1], "established");
  const later = connectedWith({ dialer: idOf("b"), boot: 3 });
  assert.equal(shake(reborn, identity("a"), { acceptor: later })[1], "duplicate");
});

test("a message out of place ends the handshake", () => {
  const welcome: Message = { kind: "welcome", magic: "mob", ...identity("a") };
  const hello: Message = { kind: "hello", magic: "mob", ...identity("a") };
  const acceptor = startHandshake("acceptor", identity("b")).state;
  const dialer = startHandshake("dialer", identity("b")).state;
  for (const [state, message] of [
    [acceptor, welcome],
    [dialer, hello],
    [acceptor, { kind: "demonitor", id: 1 }],
    [{ ...acceptor, isOver: true }, hello],
    [acceptor, { kind: "refuse", code: "self", message: "" }],
  ] as const) {
    assert.equal(outcome(stepHandshake(state, message, alone).effects), "bad_handshake");
  }
});

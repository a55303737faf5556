import assert from "node:assert/strict";
import { test } from "node:test";
import { asNodeId, type NodeId } from "../../../src/core/ids.ts";
import { singleKeyRing } from "../../../src/trust/key-ring.ts";
import { isProven, prove } from "../../../src/trust/proof.ts";
import {
  type Channel,
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
const alone: Neighbours = {
  connectionWith: () => undefined,
  awaitsBulk: () => false,
  holderOf: () => undefined,
};
const connectedWith = (established: Established, ageMs = 1_000): Neighbours => ({
  ...alone,
  connectionWith: () => ({ ...established, ageMs }),
});

const ringOf = (letter: string) =>
  singleKeyRing({ network: "mob", secret: new Uint8Array(32).fill(letter.charCodeAt(0)) });
const ring = ringOf("k");

/** A channel as `self` has it, whose other side has shown `peer`'s key. */
function channel(
  self: NodeId,
  peer: NodeId,
  { keyRing = ring, keyingMaterial = new Uint8Array(32) } = {},
): Channel {
  return {
    peer,
    prove: (role) => prove(keyRing, { keyingMaterial, role, node: self }),
    moreProofs: () => [],
    answer: () => undefined,
    isProven: (role, proof) => isProven(keyRing, { keyingMaterial, role, node: peer }, proof),
  };
}

/** What `self` says first as a dialer. */
function hello(self: Identity, over: Channel): Message {
  const message = sent(startHandshake("dialer", self, over).effects);
  assert.ok(message !== undefined);
  return message;
}

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
  over = {
    dialer: channel(dialer.node, acceptor.node),
    acceptor: channel(acceptor.node, dialer.node),
  },
): readonly (string | undefined)[] {
  const dialing = startHandshake("dialer", dialer, over.dialer);
  const accepting = startHandshake("acceptor", acceptor, over.acceptor);
  assert.deepEqual(accepting.effects, []);
  const first = sent(dialing.effects);
  assert.ok(first !== undefined);
  const answer = stepHandshake(accepting.state, first, known.acceptor ?? alone);
  const reply = sent(answer.effects);
  assert.ok(reply !== undefined);
  const end = stepHandshake(dialing.state, reply, known.dialer ?? alone);
  return [outcome(end.effects), outcome(answer.effects)];
}

test("two nodes of one network come together, each told who the other is", () => {
  assert.deepEqual(shake(identity("a"), identity("b")), ["established", "established"]);
  const [a, b] = [identity("a", { boot: 9 }), identity("b")];
  const accepting = startHandshake("acceptor", b, channel(b.node, a.node));
  const { effects } = stepHandshake(accepting.state, hello(a, channel(a.node, b.node)), alone);
  assert.deepEqual(effects.at(-1), {
    kind: "established",
    peer: identity("a", { boot: 9 }),
    connection: { dialer: idOf("a"), boot: 9 },
    proof: channel(a.node, b.node).prove("dialer"),
    bulkOf: undefined,
  });
});

test("who does not prove the key, over this connection, in its role and as the node it shows, is told nothing", () => {
  const [a, b] = [identity("a"), identity("b")];
  const thief = channel(idOf("c"), b.node); // Has the key, and shows its own certificate.
  const stolen = { ...thief, prove: channel(a.node, b.node).prove };
  const elsewhere = channel(a.node, b.node, { keyingMaterial: new Uint8Array(32).fill(1) });
  const echo: Channel = {
    ...channel(a.node, b.node),
    prove: () => channel(a.node, b.node).prove("acceptor"),
  };
  const attempts: Readonly<Record<string, readonly [Channel, NodeId]>> = {
    "another key": [channel(a.node, b.node, { keyRing: ringOf("x") }), a.node],
    "a proof of another connection": [elsewhere, a.node],
    "a proof of the other role": [echo, a.node],
    "another node's id": [stolen, idOf("c")],
  };
  for (const [what, [over, shown]] of Object.entries(attempts)) {
    const accepting = startHandshake("acceptor", b, channel(b.node, shown));
    const { effects } = stepHandshake(accepting.state, hello(a, over), alone);
    assert.deepEqual(sent(effects), { kind: "refuse", code: "not_proven", message: "" }, what);
    assert.equal(outcome(effects), "not_proven", what);
  }
});

test("an acceptor that does not prove the key is refused, and nobody is connected", () => {
  const [a, b] = [identity("a"), identity("b")];
  const dialing = startHandshake("dialer", a, channel(a.node, b.node));
  const other = startHandshake("acceptor", b, channel(b.node, a.node, { keyRing: ringOf("x") }));
  const credulous = { ...other.state, channel: { ...other.state.channel, isProven: () => true } };
  const first = sent(dialing.effects);
  assert.ok(first !== undefined);
  const answer = sent(stepHandshake(credulous, first, alone).effects);
  assert.equal(answer?.kind, "welcome");
  assert.equal(outcome(stepHandshake(dialing.state, answer, alone).effects), "not_proven");
});

test("a dialer that is refused is told why in this node's words, not in those of who refuses", () => {
  const [a, b] = [identity("a"), identity("b")];
  const dialing = startHandshake("dialer", a, channel(a.node, b.node)).state;
  const reason = (code: string) => {
    const message = "\u001b[2Jlies";
    const [effect] = stepHandshake(dialing, { kind: "refuse", code, message }, alone).effects;
    return effect?.kind === "refused" ? effect.message : "";
  };
  assert.match(reason("not_proven"), /another network.*mob token join/);
  assert.match(reason("name_taken"), /name-a.*--name/);
  assert.match(reason("other_version"), /version \d+\.\d+/);
  assert.match(reason("new_code"), /new_code/);
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

test("the name is asked for with the address, at which another may have been before", () => {
  const asked: string[] = [];
  const notes: Neighbours = {
    ...alone,
    holderOf(name, address) {
      asked.push(name, address);
      return undefined;
    },
  };
  const [a, b] = [identity("a"), identity("b")];
  shake(a, b, { acceptor: notes });
  assert.deepEqual(asked, [a.name, a.address]);
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

test("a dial replaces a connection too old to have crossed with it, whoever made that: the other end has lost it", () => {
  const [a, b] = [identity("a"), identity("b")];
  const dialedByA = { dialer: idOf("a"), boot: 1 };
  const outcomes = (ageMs: number) => shake(b, a, { acceptor: connectedWith(dialedByA, ageMs) });
  assert.deepEqual(outcomes(14_000), ["duplicate", "duplicate"]);
  assert.deepEqual(outcomes(16_000), ["established", "established"]);
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

test("a bulk connection is let in with the control connection it names, whatever its name and others say", () => {
  const [a, b] = [identity("a"), identity("b", { name: "name-a" })];
  const bulkOf = "7".repeat(64);
  const shakeBulk = (waits: boolean) => {
    const neighbours: Neighbours = {
      connectionWith: () => ({ dialer: b.node, boot: 1, ageMs: 1_000 }),
      awaitsBulk: (node, proof) => waits && node === a.node && proof === bulkOf,
      holderOf: () => idOf("c"),
    };
    const dialing = startHandshake("dialer", a, channel(a.node, b.node), bulkOf);
    const accepting = startHandshake("acceptor", b, channel(b.node, a.node)).state;
    const first = sent(dialing.effects);
    assert.ok(first !== undefined);
    const answer = stepHandshake(accepting, first, neighbours);
    const reply = sent(answer.effects);
    assert.ok(reply !== undefined);
    const dialerKnows = { ...alone, awaitsBulk: () => true };
    const end = stepHandshake(dialing.state, reply, dialerKnows);
    return [outcome(end.effects), outcome(answer.effects)];
  };
  assert.deepEqual(shakeBulk(true), ["established", "established"]);
  assert.deepEqual(shakeBulk(false), ["no_control", "no_control"]);
});

test("a message out of place ends the handshake", () => {
  const [a, b] = [identity("a"), identity("b")];
  const [over, back] = [channel(a.node, b.node), channel(b.node, a.node)];
  const first = hello(a, over);
  const welcome = sent(
    stepHandshake(startHandshake("acceptor", b, back).state, first, alone).effects,
  );
  assert.ok(welcome !== undefined);
  const acceptor = startHandshake("acceptor", b, back).state;
  const dialer = startHandshake("dialer", b, back).state;
  for (const [state, message] of [
    [acceptor, welcome],
    [dialer, first],
    [acceptor, { kind: "demonitor", id: 1 }],
    [{ ...acceptor, isOver: true }, first],
    [acceptor, { kind: "refuse", code: "self", message: "" }],
  ] as const) {
    assert.equal(outcome(stepHandshake(state, message, alone).effects), "bad_handshake");
  }
});

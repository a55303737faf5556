/**
 * How two nodes come to an agreement on a new connection: the dialer says hello, the acceptor welcomes
 * or refuses it, and the dialer judges the welcome by the same rules. Pure. Who does not prove the
 * network's key, over this very connection and as the node whose key it has shown, learns nothing.
 */
import type { NodeId } from "../core/ids.ts";
import { type Identity, type Message, protocolVersion } from "./messages.ts";

/** A handshake that takes longer is given up. */
export const handshakeMsMax = 5_000;
/** Dials of both nodes that cross are established within this: a dial of 3 s, a handshake, and as much again. */
const crossingMsMax = 15_000;

/** Why a peer is not let in. A refusal is a value: most of them are normal in a node's life. */
export type RefuseCode =
  | "bad_handshake"
  | "not_proven"
  | "other_version"
  | "other_network"
  | "self"
  | "name_taken"
  | "duplicate"
  | "no_control";

/** Whether the same handshake may do later: the name may get free. `duplicate` needs no repetition. */
export function mayPass(code: string): boolean {
  return code === "name_taken" || code === "bad_handshake" || code === "no_control";
}

/** A connection with a peer, as far as it matters which of two stays. */
export interface Established {
  /** Whichever side dialed it. */
  readonly dialer: NodeId;
  /** The peer's boot counter. */
  readonly boot: number;
}

/** One that there is. */
export interface Existing extends Established {
  /** Time since its handshake was done. */
  readonly ageMs: number;
}

/** What the node knows when a handshake message comes in. */
export interface Neighbours {
  /** The connection with `node` whose handshake is done, if there is one. */
  connectionWith(node: NodeId): Existing | undefined;
  /** Whether a control connection with `node` whose hello had that proof waits for its bulk one. */
  awaitsBulk(node: NodeId, controlProof: string): boolean;
  /**
   * The live node of that name at another address, if there is one. What was at the same address is gone:
   * whoever is there now, with a new disk maybe, takes its place.
   */
  holderOf(name: string, address: string): NodeId | undefined;
}

export type Role = "dialer" | "acceptor";

/** The connection that the handshake runs over, and what can be proven by it. */
export interface Channel {
  /** The node whose key the other side has shown to hold. */
  readonly peer: NodeId;
  /** That this node, in this role, has the network's key. */
  prove(role: Role): string;
  /** The same as a dialer, with each other key of the network that is accepted: it may change its key. */
  moreProofs(): readonly string[];
  /** That this node, as acceptor, has one of the keys that the dialer has proven; undefined: it has none. */
  answer(proofs: readonly string[]): string | undefined;
  /** Whether the other side, in that role, has proven the same of itself. */
  isProven(role: Role, proof: string): boolean;
}

export interface Handshake {
  readonly role: Role;
  readonly self: Identity;
  readonly channel: Channel;
  /** The dialer's, in its hello: the key in use may be another by the time of the answer. */
  readonly proof: string | undefined;
  /** Of the control connection, where this is the bulk one; known to the dialer alone at first. */
  readonly bulkOf: string | undefined;
  readonly isOver: boolean;
}

export interface EstablishedEffect {
  readonly kind: "established";
  readonly peer: Identity;
  readonly connection: Established;
  /** That of the dialer's hello: what the bulk connection names the control one by. */
  readonly proof: string;
  /** Of the control connection, where this is the bulk one. */
  readonly bulkOf: string | undefined;
}

export type HandshakeEffect =
  | { readonly kind: "send"; readonly message: Message }
  /** The connection is good. An older one with the same peer is to be closed: this one stays. */
  | EstablishedEffect
  /** The connection is to be closed, after what is to be sent. */
  | { readonly kind: "refused"; readonly code: string; readonly message: string };

export interface HandshakeStep {
  readonly state: Handshake;
  readonly effects: readonly HandshakeEffect[];
}

/** This node, as it introduces itself. */
export function identityOf(self: Omit<Identity, "major" | "minor">): Identity {
  return { ...self, ...protocolVersion };
}

/**
 * Right after the connection is there; only the dialer speaks first. `bulkOf`: the proof in the hello
 * of the control connection to which a dialed one belongs.
 */
export function startHandshake(
  role: Role,
  self: Identity,
  channel: Channel,
  bulkOf?: string,
): HandshakeStep {
  const proof = role === "dialer" ? channel.prove(role) : undefined;
  const state: Handshake = { role, self, channel, bulkOf, proof, isOver: false };
  if (proof === undefined) return { state, effects: [] };
  const moreProofs = channel.moreProofs();
  const message: Message = {
    kind: "hello",
    magic: "mob",
    ...self,
    proof,
    ...(bulkOf !== undefined && { bulkOf }),
    ...(moreProofs.length > 0 && { moreProofs }),
  };
  return { state, effects: [{ kind: "send", message }] };
}

/** Takes the one message that each side waits for; any other ends the handshake. */
export function stepHandshake(
  before: Handshake,
  message: Message,
  neighbours: Neighbours,
): HandshakeStep {
  const state: Handshake = { ...before, isOver: true };
  const end = (effects: readonly HandshakeEffect[]): HandshakeStep => ({ state, effects });
  const { role, self } = before;
  if (before.isOver) return end(outOfPlace(message));
  if (role === "dialer") {
    if (message.kind === "refuse") return end([refusalOf(message.code, self)]);
    if (message.kind !== "welcome") return end(outOfPlace(message));
    const { kind: _kind, magic: _magic, proof, ...peer } = message;
    if (!isWhoItSays(before, peer, [proof])) return end(refuse("not_proven", unproven));
    return end(judge(before, peer, [before.proof ?? ""], before.bulkOf, neighbours));
  }
  if (message.kind !== "hello") return end(outOfPlace(message));
  const { kind: _kind, magic: _magic, proof, moreProofs = [], bulkOf, ...peer } = message;
  const proofs = [proof, ...moreProofs] as const;
  if (!isWhoItSays(before, peer, proofs)) return end(refuse("not_proven", unproven));
  return end(judge(before, peer, proofs, bulkOf, neighbours));
}

const unproven = "it does not prove the network's key";

function outOfPlace(message: Message): readonly HandshakeEffect[] {
  return refuse("bad_handshake", `"${message.kind}" out of place`);
}

/** The other side has proven the key: everything else that may keep it out. */
function judge(
  { role, self, channel }: Handshake,
  peer: Identity,
  proofs: readonly [string, ...string[]],
  bulkOf: string | undefined,
  neighbours: Neighbours,
): readonly HandshakeEffect[] {
  const dialer = role === "dialer" ? self.node : peer.node;
  const connection: Established = { dialer, boot: peer.boot };
  const refused =
    misfit(self, peer) ??
    (bulkOf === undefined
      ? objection(self, peer, connection, neighbours)
      : strayBulk(peer, bulkOf, neighbours));
  if (refused !== undefined) return refused;
  const [proof] = proofs;
  const established: EstablishedEffect = { kind: "established", peer, connection, proof, bulkOf };
  if (role === "dialer") return [established];
  // By a key that the dialer has proven: in a rotation it may have no other of this node's.
  const answer = channel.answer(proofs) ?? channel.prove(role);
  const welcome = { kind: "welcome", magic: "mob", ...self, proof: answer } as const;
  return [{ kind: "send", message: welcome }, established];
}

/** Looked at before anything else it says: who has not proven the key is told nothing about it. */
function isWhoItSays(
  { role, channel }: Handshake,
  peer: Identity,
  proofs: readonly string[],
): boolean {
  const itsRole = role === "dialer" ? "acceptor" : "dialer";
  return peer.node === channel.peer && proofs.some((proof) => channel.isProven(itsRole, proof));
}

function misfit(self: Identity, peer: Identity): readonly HandshakeEffect[] | undefined {
  if (peer.network !== self.network) return refuse("other_network", "another network");
  if (peer.major !== self.major) {
    const versions = `${peer.major}.${peer.minor} and ${self.major}.${self.minor}`;
    return refuse("other_version", `protocol versions do not go together: ${versions}`);
  }
  if (peer.node === self.node) return refuse("self", "a node cannot join itself");
  return undefined;
}

/** The bulk connection goes with its control connection, which has been judged. */
function strayBulk(
  peer: Identity,
  bulkOf: string,
  neighbours: Neighbours,
): readonly HandshakeEffect[] | undefined {
  if (neighbours.awaitsBulk(peer.node, bulkOf)) return undefined;
  return refuse("no_control", "its control connection is no more");
}

function objection(
  self: Identity,
  peer: Identity,
  connection: Established,
  neighbours: Neighbours,
): readonly HandshakeEffect[] | undefined {
  const holder = peer.name === self.name ? self.node : neighbours.holderOf(peer.name, peer.address);
  if (holder !== undefined && holder !== peer.node) {
    return refuse("name_taken", `the name "${peer.name}" is another live node's`);
  }
  const existing = neighbours.connectionWith(peer.node);
  if (existing !== undefined && !replaces(connection, existing, self.node, peer.node)) {
    return refuse("duplicate", "another connection of these two nodes stays");
  }
  return undefined;
}

/**
 * Which of two connections of the same nodes stays, decided alike at both ends: that of the peer's
 * later life; the newer, where its dialer had lost the other; and when both dialed, that of the smaller node id.
 * A node dials only whom it is not connected with, as far as it knows: it has lost its own, and one too old to cross with.
 */
function replaces(made: Established, existing: Existing, self: NodeId, peer: NodeId): boolean {
  if (made.boot !== existing.boot) return made.boot > existing.boot;
  if (made.dialer === existing.dialer || existing.ageMs > crossingMsMax) return true;
  return made.dialer === (self < peer ? self : peer);
}

/** What the other side is told is the code alone: it has proven nothing, or will know what it means. */
function refuse(code: RefuseCode, message: string): readonly HandshakeEffect[] {
  return [
    { kind: "send", message: { kind: "refuse", code, message: "" } },
    { kind: "refused", code, message },
  ];
}

/** Whoever refuses has proven nothing to this node: its words are not passed on, its code explained. */
function refusalOf(code: string, self: Identity): HandshakeEffect {
  return { kind: "refused", code, message: reasonOf(code, self) };
}

function reasonOf(code: string, self: Identity): string {
  switch (code) {
    case "not_proven":
      return (
        "it is of another network, or of this one with another key by now. To join it, " +
        "make a token there with `mob token join`, and give it here: mob join --token TOKEN. " +
        "(Nodes that share a network.key are of one network.)"
      );
    case "other_network":
      return "it is of another network";
    case "other_version":
      return `it does not speak version ${self.major}.${self.minor} of the protocol`;
    case "self":
      return "a node cannot join itself";
    case "name_taken":
      return `the name "${self.name}" is another live node's there: start this one with another --name`;
    case "no_control":
      return "the control connection of this one is no more";
    case "duplicate":
      return "another connection of these two nodes stays";
    default:
      return `for a reason that this version does not know (${code})`;
  }
}

/**
 * How two nodes come to an agreement on a new connection: the dialer says hello, the acceptor welcomes
 * or refuses it, and the dialer judges the welcome by the same rules. Pure. Who does not prove the
 * network's key, over this very connection and as the node whose key it has shown, learns nothing.
 */
import type { NodeId } from "../core/ids.ts";
import { type Identity, type Message, protocolVersion } from "./messages.ts";

/** A handshake that takes longer is given up. */
export const handshakeMsMax = 5_000;

/** Why a peer is not let in. A refusal is a value: most of them are normal in a node's life. */
export type RefuseCode =
  | "bad_handshake"
  | "not_proven"
  | "other_version"
  | "other_network"
  | "self"
  | "name_taken"
  | "duplicate";

/** Whether the same handshake may do later: the name may get free. `duplicate` needs no repetition. */
export function mayPass(code: string): boolean {
  return code === "name_taken" || code === "bad_handshake";
}

/** A connection with a peer, as far as it matters which of two stays. */
export interface Established {
  /** Whichever side dialed it. */
  readonly dialer: NodeId;
  /** The peer's boot counter. */
  readonly boot: number;
}

/** What the node knows when a handshake message comes in. */
export interface Neighbours {
  /** The connection with `node` whose handshake is done, if there is one. */
  connectionWith(node: NodeId): Established | undefined;
  /** The live node of that name, if there is one. */
  holderOf(name: string): NodeId | undefined;
}

export type Role = "dialer" | "acceptor";

/** The connection that the handshake runs over, and what can be proven by it. */
export interface Channel {
  /** The node whose key the other side has shown to hold. */
  readonly peer: NodeId;
  /** That this node, in this role, has the network's key. */
  prove(role: Role): string;
  /** Whether the other side, in that role, has proven the same of itself. */
  isProven(role: Role, proof: string): boolean;
}

export interface Handshake {
  readonly role: Role;
  readonly self: Identity;
  readonly channel: Channel;
  readonly isOver: boolean;
}

export type HandshakeEffect =
  | { readonly kind: "send"; readonly message: Message }
  /** The connection is good. An older one with the same peer is to be closed: this one stays. */
  | { readonly kind: "established"; readonly peer: Identity; readonly connection: Established }
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

/** Right after the connection is there; only the dialer speaks first. */
export function startHandshake(role: Role, self: Identity, channel: Channel): HandshakeStep {
  const state: Handshake = { role, self, channel, isOver: false };
  return { state, effects: role === "dialer" ? [introduce("hello", state)] : [] };
}

/** Takes the one message that each side waits for; any other ends the handshake. */
export function stepHandshake(
  state: Handshake,
  message: Message,
  neighbours: Neighbours,
): HandshakeStep {
  const over: Handshake = { ...state, isOver: true };
  if (message.kind === "refuse" && state.role === "dialer") {
    return { state: over, effects: [refusalOf(message.code, state.self)] };
  }
  const expected = state.role === "dialer" ? "welcome" : "hello";
  if (state.isOver || message.kind !== expected) {
    return { state: over, effects: refuse(`bad_handshake`, `"${message.kind}" out of place`) };
  }
  const { kind: _kind, magic: _magic, proof, ...peer } = message;
  if (!isWhoItSays(state, peer, proof)) {
    return { state: over, effects: refuse("not_proven", "it does not prove the network's key") };
  }
  const dialer = state.role === "dialer" ? state.self.node : peer.node;
  const connection: Established = { dialer, boot: peer.boot };
  const effects = objection(state.self, peer, connection, neighbours) ?? [
    ...(state.role === "acceptor" ? [introduce("welcome", state)] : []),
    { kind: "established", peer, connection },
  ];
  return { state: over, effects };
}

/** Looked at before anything else it says: who has not proven the key is told nothing about it. */
function isWhoItSays({ role, channel }: Handshake, peer: Identity, proof: string): boolean {
  const itsRole = role === "dialer" ? "acceptor" : "dialer";
  return peer.node === channel.peer && channel.isProven(itsRole, proof);
}

function objection(
  self: Identity,
  peer: Identity,
  connection: Established,
  neighbours: Neighbours,
): readonly HandshakeEffect[] | undefined {
  if (peer.network !== self.network) return refuse("other_network", "another network");
  if (peer.major !== self.major) {
    const versions = `${peer.major}.${peer.minor} and ${self.major}.${self.minor}`;
    return refuse("other_version", `protocol versions do not go together: ${versions}`);
  }
  if (peer.node === self.node) return refuse("self", "a node cannot join itself");
  const holder = peer.name === self.name ? self.node : neighbours.holderOf(peer.name);
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
 * later life; of one dialer's two the newer; and when both dialed, that of the smaller node id.
 */
function replaces(made: Established, existing: Established, self: NodeId, peer: NodeId): boolean {
  if (made.boot !== existing.boot) return made.boot > existing.boot;
  if (made.dialer === existing.dialer) return true;
  return made.dialer === (self < peer ? self : peer);
}

function introduce(kind: "hello" | "welcome", { role, self, channel }: Handshake): HandshakeEffect {
  return {
    kind: "send",
    message: { kind, magic: "mob", ...self, proof: channel.prove(role) },
  };
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
        "it is of another network, whose key this node does not have. " +
        "Nodes are of one network if they have the same network.key"
      );
    case "other_network":
      return "it is of another network";
    case "other_version":
      return `it does not speak version ${self.major}.${self.minor} of the protocol`;
    case "self":
      return "a node cannot join itself";
    case "name_taken":
      return `the name "${self.name}" is another live node's there: start this one with another --name`;
    case "duplicate":
      return "another connection of these two nodes stays";
    default:
      return `for a reason that this version does not know (${code})`;
  }
}

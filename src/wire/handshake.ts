/**
 * How two nodes come to an agreement on a new connection: the dialer says hello, the acceptor welcomes
 * or refuses it, and the dialer judges the welcome by the same rules. Pure. The proof of the network's
 * key will be one more field of both messages and one more rule.
 */
import type { NodeId } from "../core/ids.ts";
import { type Identity, type Message, protocolVersion } from "./messages.ts";

/** The network of nodes that were given no other. */
export const defaultNetwork = "mob";
/** A handshake that takes longer is given up. */
export const handshakeMsMax = 5_000;

/** Why a peer is not let in. A refusal is a value: most of them are normal in a node's life. */
export type RefuseCode =
  | "bad_handshake"
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

export interface Handshake {
  readonly role: "dialer" | "acceptor";
  readonly self: Identity;
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
export function startHandshake(role: Handshake["role"], self: Identity): HandshakeStep {
  const hello: HandshakeEffect = {
    kind: "send",
    message: { kind: "hello", magic: "mob", ...self },
  };
  return { state: { role, self, isOver: false }, effects: role === "dialer" ? [hello] : [] };
}

/** Takes the one message that each side waits for; any other ends the handshake. */
export function stepHandshake(
  state: Handshake,
  message: Message,
  neighbours: Neighbours,
): HandshakeStep {
  const over: Handshake = { ...state, isOver: true };
  if (message.kind === "refuse" && state.role === "dialer") {
    return { state: over, effects: [{ ...message, kind: "refused" }] };
  }
  const expected = state.role === "dialer" ? "welcome" : "hello";
  if (state.isOver || message.kind !== expected) {
    return { state: over, effects: refuse(`bad_handshake`, `"${message.kind}" out of place`) };
  }
  const { kind: _kind, magic: _magic, ...peer } = message;
  const dialer = state.role === "dialer" ? state.self.node : peer.node;
  const connection: Established = { dialer, boot: peer.boot };
  const effects = objection(state.self, peer, connection, neighbours) ?? [
    ...welcome(state),
    { kind: "established", peer, connection },
  ];
  return { state: over, effects };
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

function welcome({ role, self }: Handshake): readonly HandshakeEffect[] {
  if (role === "dialer") return [];
  return [{ kind: "send", message: { kind: "welcome", magic: "mob", ...self } }];
}

function refuse(code: RefuseCode, message: string): readonly HandshakeEffect[] {
  return [
    { kind: "send", message: { kind: "refuse", code, message } },
    { kind: "refused", code, message },
  ];
}

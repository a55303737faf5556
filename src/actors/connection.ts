/**
 * One connection with a peer: dials if it must, shakes hands, and from then on carries what the rooms
 * of both nodes say to each other. What comes in goes straight to the actor it is for. A peer has two:
 * who dialed the control connection dials the bulk one when that is let in, and from then on both are
 * one link, which ends with either.
 */
import { Conflict, type MobError } from "../core/errors.ts";
import type { DialFailure } from "../membership/membership.ts";
import type { Behaviour, Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { Connection } from "../transport/transport.ts";
import type { KeyRing } from "../trust/key-ring.ts";
import { decode, encode } from "../wire/codec.ts";
import { UnknownMessage } from "../wire/errors.ts";
import {
  type Established,
  type EstablishedEffect,
  type Handshake,
  type HandshakeEffect,
  type HandshakeStep,
  handshakeMsMax,
  mayPass,
  type Neighbours,
  startHandshake,
  stepHandshake,
} from "../wire/handshake.ts";
import { lanesSinceMinor } from "../wire/lanes.ts";
import type { Identity, Message } from "../wire/messages.ts";
import type { Catalog } from "./catalog.ts";
import { channelOf, neighboursOf } from "./channel.ts";
import { dialError, dialFailure } from "./dial-failure.ts";
import type { HalfLink, Link, Links } from "./links.ts";
import { names } from "./names.ts";
import { PeerLink } from "./peer-link.ts";
import type { Refusals } from "./refusals.ts";
import type { RingMemberInfo } from "./ring-member.ts";
import { route } from "./routing.ts";
import type { StoreInfo } from "./store.ts";

export interface ConnectionOptions {
  /** One that was accepted, or the address to dial. */
  readonly from:
    | { readonly accepted: Connection }
    | {
        readonly address: string;
        readonly dial: (address: string) => Promise<Connection>;
        /** The control connection's, where this is to be the bulk one. */
        readonly bulkOf?: HalfLink;
      };
  /** Starts another connection. */
  readonly connect: (from: ConnectionOptions["from"]) => void;
  readonly identity: Identity;
  readonly keyRing: KeyRing;
  readonly links: Links;
  readonly catalog: Catalog;
  readonly refusals: Refusals;
}

type Info =
  | { readonly type: "dialed"; readonly connection: Connection }
  | { readonly type: "dial-failed"; readonly error: unknown }
  | { readonly type: "frame"; readonly frame: Uint8Array }
  | { readonly type: "closed"; readonly error: Error | undefined }
  | { readonly type: "late" };

/** Membership says a few words a second, and the bulk connection is there within some. */
const earlyMax = 100;

interface State {
  readonly self: Self<Protocol, Info>;
  readonly options: ConnectionOptions;
  readonly neighbours: Neighbours;
  connection: Connection | undefined;
  /** This life is over, also by a kill. */
  hasEnded: boolean;
  handshake: Handshake | undefined;
  /** While this is a control connection that waits for its bulk one. */
  half: HalfLink | undefined;
  link: Link | undefined;
  /** What the peer said before the link was whole at this end. */
  early: Message[];
  /** Frames that wait in the mailbox: none may overtake them. */
  framesInTurn: number;
  /** This is the link's bulk connection: the actor of the control one speaks for the link. */
  isBulk: boolean;
}

export function connection(options: ConnectionOptions): Behaviour<State, Protocol, Info> {
  return {
    init(self) {
      const state: State = {
        self,
        options,
        neighbours: neighboursOf(options),
        connection: undefined,
        hasEnded: false,
        handshake: undefined,
        half: undefined,
        link: undefined,
        early: [],
        framesInTurn: 0,
        isBulk: false,
      };
      // Not `terminate`, which a kill passes over: a link without its actor would never be cut.
      self.system.monitor(self.ref, () => end(state));
      begin(state);
      return state;
    },
    handlers: {},
    info(state, message) {
      react(state, message);
      return state;
    },
    describe: ({ connection: held, link, isBulk }) => ({
      remote: held?.remoteAddress,
      peer: link?.peer,
      lane: isBulk ? "bulk" : "control",
      shed: link instanceof PeerLink ? link.shed : undefined,
      dialed: "address" in options.from ? options.from.address : undefined,
    }),
  };
}

function begin(state: State): void {
  const { self } = state;
  const { from } = state.options;
  if ("accepted" in from) {
    use(state, from.accepted);
    return;
  }
  from.dial(from.address).then(
    (dialed) => {
      if (state.hasEnded) dialed.close();
      else self.tell({ type: "dialed", connection: dialed });
    },
    (error: unknown) => self.tell({ type: "dial-failed", error }),
  );
}

function react(state: State, message: Info | { readonly type: "DOWN" | "EXIT" }): void {
  switch (message.type) {
    case "dialed":
      use(state, message.connection);
      return;
    case "dial-failed":
      tellFailure(state, dialFailure(message.error), dialError(showRemote(state), message.error));
      state.self.stop();
      return;
    case "frame":
      state.framesInTurn -= 1;
      receive(state, message.frame);
      return;
    case "closed":
      onClosed(state, message.error);
      return;
    case "late":
      if (state.link !== undefined) return;
      tellFailure(state, "unreachable", dialError(showRemote(state), "no answer to the handshake"));
      state.self.stop();
      return;
    case "DOWN":
    case "EXIT":
      return;
  }
}

/** The stream is there: shake hands over it. */
function use(state: State, made: Connection): void {
  const { self, options } = state;
  state.connection = made;
  made.onFrame((frame) => {
    // Before the handshake is over, in turn; after it, and after those, straight to whom it is for.
    if (state.link === undefined || state.framesInTurn > 0) {
      state.framesInTurn += 1;
      self.tell({ type: "frame", frame });
    } else receive(state, frame);
  });
  made.onClose((error) => self.tell({ type: "closed", error }));
  self.sendAfter(handshakeMsMax, { type: "late" });
  const role = "accepted" in options.from ? "acceptor" : "dialer";
  const bulkOf = "accepted" in options.from ? undefined : options.from.bulkOf?.proof;
  advance(state, startHandshake(role, options.identity, channelOf(made, options), bulkOf));
}

function receive(state: State, frame: Uint8Array): void {
  let message: Message;
  try {
    message = decode(frame);
  } catch (error) {
    if (error instanceof UnknownMessage) return;
    state.self.log.warn("a peer is cut off: it sent what cannot be read", { error });
    state.connection?.close();
    return;
  }
  if (state.link !== undefined) route(state.self.system, state.link, message);
  else if (state.half !== undefined) keep(state, message);
  else if (state.handshake !== undefined) {
    advance(state, stepHandshake(state.handshake, message, state.neighbours));
  }
}

/** The peer has the bulk connection already, and this node has not: it comes. */
function keep(state: State, message: Message): void {
  state.early.push(message);
  if (state.early.length > earlyMax) state.connection?.close();
}

function advance(state: State, { state: handshake, effects }: HandshakeStep): void {
  state.handshake = handshake;
  for (const effect of effects) carryOut(state, effect);
}

function carryOut(state: State, effect: HandshakeEffect): void {
  switch (effect.kind) {
    case "send":
      state.connection?.send(encode(effect.message));
      return;
    case "established":
      establish(state, effect);
      return;
    case "refused":
      refused(state, effect.code, effect.message);
      return;
  }
}

function establish(state: State, effect: EstablishedEffect): void {
  const { connection: made, options } = state;
  if (made === undefined) return;
  made.admit();
  const { peer, connection: established, proof, bulkOf } = effect;
  if (bulkOf !== undefined) {
    join(state, made, options.links.half(peer.node, bulkOf));
    return;
  }
  const open = (bulk: Connection) => {
    if (state.half !== undefined) options.links.release(state.half);
    return openLink(state, peer, established, { control: made, bulk });
  };
  if (peer.minor < lanesSinceMinor) {
    open(made);
    return;
  }
  state.half = { peer: peer.node, established, proof, complete: open, close: () => made.close() };
  options.links.hold(state.half);
  if ("accepted" in options.from) return; // Its dialer dials the bulk connection too.
  const { address, dial } = options.from;
  options.connect({ address, dial, bulkOf: state.half });
}

/** This is the bulk connection of `half`. */
function join(state: State, made: Connection, half: HalfLink | undefined): void {
  if (half === undefined) {
    state.self.stop(); // Its control connection has ended meanwhile.
    return;
  }
  state.isBulk = true;
  state.link = half.complete(made);
}

function openLink(
  state: State,
  peer: Identity,
  established: Established,
  connections: { readonly control: Connection; readonly bulk: Connection },
): Link {
  const { self, options } = state;
  const link = new PeerLink({ peer: peer.node, established }, { ...connections, log: self.log });
  state.link = link;
  options.links.open(link);
  self.log.info("connected", { peer: peer.name, address: peer.address });
  const dialed = "address" in options.from ? options.from.address : undefined;
  tellRing(state, { type: "connected", peer: peer.node, dialed });
  tellStore(state, { type: "peer-up", peer: peer.node });
  for (const message of state.early.splice(0)) route(self.system, link, message);
  return link;
}

function refused(state: State, code: string, message: string): void {
  const { self, options } = state;
  if ("accepted" in options.from) options.refusals.tell(options.from.accepted, code, message);
  else self.log.debug("a handshake came to nothing", { remote: showRemote(state), code, message });
  // Of two connections that cross one is given up: the other tells that the peer is there.
  if (code !== "duplicate") {
    const error = new Conflict(`${showRemote(state)} refuses: ${message}`);
    tellFailure(state, mayPass(code) ? "unreachable" : "rejected", error);
  }
  self.stop();
}

function onClosed(state: State, error: Error | undefined): void {
  const { self, link } = state;
  if (link === undefined) {
    tellFailure(
      state,
      "unreachable",
      dialError(showRemote(state), error ?? "the connection was closed"),
    );
  } else if (error !== undefined) {
    self.log.info("a connection was lost", { peer: link.peer, error });
  }
  self.stop();
}

/** The peer is no longer reached over this connection, however that came about. */
function end(state: State): void {
  const { self, options, link, half, connection: made } = state;
  state.hasEnded = true;
  made?.close();
  if (half !== undefined) options.links.release(half);
  if ("address" in options.from) options.from.bulkOf?.close("its bulk connection has ended");
  if (state.isBulk) link?.close("its bulk connection has ended");
  if (state.isBulk || link === undefined || !options.links.closed(link)) return;
  const name = options.catalog.member(link.peer)?.name;
  self.log.info("disconnected", { peer: name ?? link.peer });
  self.system.nodeDown(link.peer, "the connection was lost");
  self.system.tell(names.ringMember, { type: "disconnected", peer: link.peer });
}

/** Told to membership where this node dialed; one that was accepted and failed is no one's loss. */
function tellFailure(state: State, why: DialFailure, error: MobError): void {
  const { from } = state.options;
  if ("accepted" in from || from.bulkOf !== undefined || state.link !== undefined) return;
  tellRing(state, { type: "dial-failed", address: from.address, why, error });
}

function tellRing({ self }: State, message: RingMemberInfo): void {
  self.system.tell(names.ringMember, message);
}

function tellStore({ self }: State, message: StoreInfo): void {
  self.system.tell(names.store, message);
}

function showRemote({ options, connection: made }: State): string {
  return "address" in options.from ? options.from.address : (made?.remoteAddress ?? "a peer");
}

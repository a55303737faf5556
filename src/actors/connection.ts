/**
 * One connection with a peer: dials if it must, shakes hands, and from then on carries what the rooms
 * of both nodes say to each other. What comes in goes straight to the actor it is for.
 */
import { Conflict, MobError, messageOf, Unreachable } from "../core/errors.ts";
import type { DialFailure } from "../membership/events.ts";
import { isLive } from "../membership/view.ts";
import type { Behaviour, Self } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import { type Connection, DialRefused } from "../transport/transport.ts";
import { decode, encode } from "../wire/codec.ts";
import { UnknownMessage, WireError } from "../wire/errors.ts";
import {
  type Handshake,
  type HandshakeEffect,
  type HandshakeStep,
  handshakeMsMax,
  mayPass,
  type Neighbours,
  startHandshake,
  stepHandshake,
} from "../wire/handshake.ts";
import type { Identity, Message } from "../wire/messages.ts";
import type { Catalog } from "./catalog.ts";
import type { Link, Links } from "./links.ts";
import { names } from "./names.ts";
import type { RingMemberInfo } from "./ring-member.ts";
import { route } from "./routing.ts";
import type { StoreInfo } from "./store.ts";

export interface ConnectionOptions {
  /** One that was accepted, or the address to dial. */
  readonly from:
    | { readonly accepted: Connection }
    | { readonly address: string; readonly dial: (address: string) => Promise<Connection> };
  readonly identity: Identity;
  readonly links: Links;
  readonly catalog: Catalog;
}

type Info =
  | { readonly type: "dialed"; readonly connection: Connection }
  | { readonly type: "dial-failed"; readonly error: unknown }
  | { readonly type: "frame"; readonly frame: Uint8Array }
  | { readonly type: "closed"; readonly error: Error | undefined }
  | { readonly type: "late" };

interface State {
  readonly self: Self<Protocol, Info>;
  readonly options: ConnectionOptions;
  readonly neighbours: Neighbours;
  connection: Connection | undefined;
  /** This life is over, also by a kill. */
  hasEnded: boolean;
  handshake: Handshake | undefined;
  link: Link | undefined;
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
        link: undefined,
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
    describe: ({ connection: held, link }) => ({
      remote: held?.remoteAddress,
      peer: link?.peer,
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
      tellFailure(state, dialFailure(message.error), errorOf(state, message.error));
      state.self.stop();
      return;
    case "frame":
      receive(state, message.frame);
      return;
    case "closed":
      onClosed(state, message.error);
      return;
    case "late":
      if (state.link !== undefined) return;
      tellFailure(state, "unreachable", errorOf(state, "no answer to the handshake"));
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
    // Before the handshake is over, in turn; after it, straight to whom it is for.
    if (state.link === undefined) self.tell({ type: "frame", frame });
    else receive(state, frame);
  });
  made.onClose((error) => self.tell({ type: "closed", error }));
  self.sendAfter(handshakeMsMax, { type: "late" });
  advance(
    state,
    startHandshake("accepted" in options.from ? "acceptor" : "dialer", options.identity),
  );
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
  else if (state.handshake !== undefined) {
    advance(state, stepHandshake(state.handshake, message, state.neighbours));
  }
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

function establish(
  state: State,
  { peer, connection: established }: HandshakeEffect & { kind: "established" },
): void {
  const { self, options, connection: made } = state;
  if (made === undefined) return;
  const link: Link = {
    peer: peer.node,
    established,
    send: (message) => sendOver(state, made, message),
    close(reason) {
      self.log.debug("a connection is closed", { peer: peer.node, reason });
      made.close();
    },
  };
  state.link = link;
  options.links.open(link);
  self.log.info("connected", { peer: peer.name, address: peer.address });
  const dialed = "address" in options.from ? options.from.address : undefined;
  tellRing(state, { type: "connected", peer: peer.node, dialed });
  tellStore(state, { type: "peer-up", peer: peer.node });
}

function sendOver({ self }: State, made: Connection, message: Message): boolean {
  try {
    return made.send(encode(message));
  } catch (error) {
    self.log.error("a message could not be sent", { message: message.kind, error });
    return false;
  }
}

function refused(state: State, code: string, message: string): void {
  const { self, connection: made } = state;
  self.log.debug("a handshake was refused", { remote: made?.remoteAddress, code, reason: message });
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
    tellFailure(state, "unreachable", errorOf(state, error ?? "the connection was closed"));
  } else if (error !== undefined) {
    self.log.info("a connection was lost", { peer: link.peer, error });
  }
  self.stop();
}

/** The peer is no longer reached over this connection, however that came about. */
function end(state: State): void {
  const { self, options, link, connection: made } = state;
  state.hasEnded = true;
  made?.close();
  if (link === undefined || !options.links.closed(link)) return;
  const name = options.catalog.member(link.peer)?.name;
  self.log.info("disconnected", { peer: name ?? link.peer });
  self.system.nodeDown(link.peer, "the connection was lost");
  self.system.tell(names.ringMember, { type: "disconnected", peer: link.peer });
}

/** Told to membership where this node dialed; one that was accepted and failed is no one's loss. */
function tellFailure(state: State, why: DialFailure, error: MobError): void {
  const { from } = state.options;
  if ("accepted" in from || state.link !== undefined) return;
  tellRing(state, { type: "dial-failed", address: from.address, why, error });
}

function tellRing({ self }: State, message: RingMemberInfo): void {
  self.system.tell(names.ringMember, message);
}

function tellStore({ self }: State, message: StoreInfo): void {
  self.system.tell(names.store, message);
}

function dialFailure(error: unknown): DialFailure {
  return error instanceof DialRefused ? "refused" : "unreachable";
}

function errorOf(state: State, error: unknown): MobError {
  if (error instanceof WireError) {
    const answer = "what answers there is no node that this one can talk to";
    return new Unreachable(`${showRemote(state)}: ${answer}`, { cause: error });
  }
  if (error instanceof MobError) return error;
  return new Unreachable(`${showRemote(state)} cannot be reached: ${messageOf(error)}`);
}

function showRemote({ options, connection: made }: State): string {
  return "address" in options.from ? options.from.address : (made?.remoteAddress ?? "a peer");
}

function neighboursOf({ links, catalog }: ConnectionOptions): Neighbours {
  return {
    connectionWith: (node) => links.get(node)?.established,
    holderOf: (name) =>
      catalog.view.members.find((member) => member.name === name && isLive(member))?.id,
  };
}

/**
 * One connection with a peer: dials if it must, shakes hands, and from then on carries what the rooms
 * of both nodes say to each other. What comes in goes straight to the actor it is for. A peer has two:
 * who dialed the control connection dials the bulk one when that is let in, and from then on both are
 * one link, which ends with either.
 */
import { Conflict, type MobError } from "../core/errors.ts";
import type { DialFailure } from "../membership/events.ts";
import type { Behaviour } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import type { Connection } from "../transport/transport.ts";
import { decode, encode } from "../wire/codec.ts";
import { UnknownMessage } from "../wire/errors.ts";
import {
  type HandshakeEffect,
  type HandshakeStep,
  handshakeMsMax,
  mayPass,
  startHandshake,
  stepHandshake,
} from "../wire/handshake.ts";
import type { Identity, Message } from "../wire/messages.ts";
import { channelOf, neighboursOf } from "./channel.ts";
import type { ConnectionInfo, ConnectionOptions, ConnectionState } from "./connection-state.ts";
import { dialError, dialFailure } from "./dial-failure.ts";
import { establish, keep } from "./link-opening.ts";
import { names } from "./names.ts";
import { PeerLink } from "./peer-link.ts";
import type { RingMemberInfo } from "./ring-member-protocol.ts";
import { route } from "./routing.ts";

export function connection(
  options: ConnectionOptions,
): Behaviour<ConnectionState, Protocol, ConnectionInfo> {
  return {
    init(self) {
      const state: ConnectionState = {
        self,
        options,
        neighbours: neighboursOf(options, () => self.env.clock.mono()),
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

function begin(state: ConnectionState): void {
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

function react(
  state: ConnectionState,
  message: ConnectionInfo | { readonly type: "DOWN" | "EXIT" },
): void {
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
function use(state: ConnectionState, made: Connection): void {
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
  advance(state, startHandshake(role, introduction(options), channelOf(made, options), bulkOf));
}

function receive(state: ConnectionState, frame: Uint8Array): void {
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

function advance(state: ConnectionState, { state: handshake, effects }: HandshakeStep): void {
  state.handshake = handshake;
  for (const effect of effects) carryOut(state, effect);
}

function carryOut(state: ConnectionState, effect: HandshakeEffect): void {
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

function refused(state: ConnectionState, code: string, message: string): void {
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

function onClosed(state: ConnectionState, error: Error | undefined): void {
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
function end(state: ConnectionState): void {
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
function tellFailure(state: ConnectionState, why: DialFailure, error: MobError): void {
  const { from } = state.options;
  if ("accepted" in from || from.bulkOf !== undefined || state.link !== undefined) return;
  tellRing(state, { type: "dial-failed", address: from.address, why, error });
}

function tellRing({ self }: ConnectionState, message: RingMemberInfo): void {
  self.system.tell(names.ringMember, message);
}

function showRemote({ options, connection: made }: ConnectionState): string {
  return "address" in options.from ? options.from.address : (made?.remoteAddress ?? "a peer");
}

/** This node as it is now: it may have been moved to another network since its start. */
function introduction({ identity, keyRing }: ConnectionOptions): Identity {
  return { ...identity, network: keyRing.network };
}

/**
 * From a handshake to a link: at once with a peer that has one connection for everything, else when its
 * control and its bulk connection have found each other.
 */
import type { Connection } from "../transport/transport.ts";
import type { Established, EstablishedEffect } from "../wire/handshake.ts";
import { lanesSinceMinor } from "../wire/lanes.ts";
import type { Identity, Message } from "../wire/messages.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { HalfLink, Link } from "./links.ts";
import { names } from "./names.ts";
import { PeerLink } from "./peer-link.ts";
import type { RingMemberInfo } from "./ring-member-protocol.ts";
import { route } from "./routing.ts";
import type { StoreInfo } from "./store-protocol.ts";

/** Membership says a few words a second, and the bulk connection is there within some. */
const earlyMax = 100;

/** The handshake is done: a control connection waits for its bulk one, which makes it a link. */
export function establish(state: ConnectionState, effect: EstablishedEffect): void {
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
  state.half = {
    peer: peer.node,
    established,
    sinceMs: state.self.env.clock.mono(),
    proof,
    complete: open,
    close: () => made.close(),
  };
  options.links.hold(state.half);
  if ("accepted" in options.from) return; // Its dialer dials the bulk connection too.
  const { address, dial } = options.from;
  options.connect({ address, dial, bulkOf: state.half });
}

/** This is the bulk connection of `half`. */
function join(state: ConnectionState, made: Connection, half: HalfLink | undefined): void {
  if (half === undefined) {
    state.self.stop(); // Its control connection has ended meanwhile.
    return;
  }
  state.isBulk = true;
  state.link = half.complete(made);
}

function openLink(
  state: ConnectionState,
  peer: Identity,
  established: Established,
  connections: { readonly control: Connection; readonly bulk: Connection },
): Link {
  const { self, options } = state;
  const isAnew = options.links.get(peer.node) !== undefined;
  const known = { peer: peer.node, established, sinceMs: self.env.clock.mono() };
  const link = new PeerLink(known, { ...connections, log: self.log });
  state.link = link;
  options.links.open(link);
  // What was under way over the one before may be lost, and the peer may know nothing any more of what was watched over it.
  if (isAnew) self.system.nodeDown(peer.node, "the connection was made anew");
  self.log.info("connected", { peer: peer.name, address: peer.address });
  const dialed = "address" in options.from ? options.from.address : undefined;
  const connected: RingMemberInfo = { type: "connected", peer: peer.node, dialed };
  self.system.tell(names.ringMember, connected);
  const up: StoreInfo = { type: "peer-up", peer: peer.node };
  self.system.tell(names.store, up);
  self.system.tell(names.keyKeeper, { type: "peer-up", peer: peer.node });
  for (const message of state.early.splice(0)) route(self.system, link, message);
  return link;
}

/** The peer has the bulk connection already, and this node has not: it comes. */
export function keep(state: ConnectionState, message: Message): void {
  state.early.push(message);
  if (state.early.length > earlyMax) state.connection?.close();
}

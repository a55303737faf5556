/** Which actor of this node a peer's message is for, once the peer has been let in. */
import type { ActorSystem } from "../otp/actor-system.ts";
import type { Message } from "../wire/messages.ts";
import type { Link } from "./links.ts";
import { names } from "./names.ts";

/** Hands `message` on. What has no place after the handshake ends the connection. */
export function route(system: ActorSystem, link: Link, message: Message): void {
  const from = link.peer;
  switch (message.kind) {
    case "sync":
    case "digest":
    case "members":
    case "ping":
    case "ping-request":
    case "ack":
    case "nack":
    case "gossip":
      system.tell(names.ringMember, { type: "received", from, message });
      return;
    case "store-digest":
    case "store-roots":
      system.tell(names.store, { type: "received", from, message });
      return;
    case "store-delta":
    case "store-ack":
    case "store-state":
    case "store-leaves":
    case "store-refuse":
    case "store-confirm":
    case "store-purge":
      link.uses += 1;
      system.deliver(names.store, { type: "received", from, message });
      return;
    case "call":
    case "cast":
    case "reply":
    case "monitor":
    case "demonitor":
    case "down":
      link.uses += 1;
      system.receive(from, message);
      return;
    case "hello":
    case "welcome":
    case "refuse":
      link.close(`"${message.kind}" after the handshake`);
      return;
  }
}

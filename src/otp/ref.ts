/**
 * How actors are addressed: plain data that can be stored, logged and sent to another node. A
 * reference means one life, like an Erlang pid; a name means whoever holds it now.
 */
import type { NodeId } from "../core/ids.ts";
import type { Protocol } from "./protocol.ts";

/** Types a reference by the protocol of its actor. Never present at run time. */
declare const speaks: unique symbol;

/** One actor, one life: like an Erlang pid. Dead once that life has ended; a restart has a new one. */
export interface ActorRef<P = Protocol> {
  readonly node: NodeId;
  /** The node's boot counter: a reference from before a reboot is dead, whatever its serial. */
  readonly boot: number;
  /** Place in the supervision tree, like `mob/peer/store`. For people: the serial identifies. */
  readonly path: string;
  /** Unique within one boot of the node. */
  readonly serial: number;
  readonly [speaks]?: P;
}

/** Whoever holds a registered name on a node now, like Erlang's `{Name, Node}`. */
export interface ActorName<P = Protocol> {
  readonly node: NodeId;
  readonly name: string;
  readonly [speaks]?: P;
}

/** Whom a message is for; a string is a name on this node. */
export type Target<P = Protocol> = ActorRef<P> | ActorName<P> | string;

/** A target that says its node: what crosses to another one. */
export type Address = ActorRef<unknown> | ActorName<unknown>;

/** The actor that holds `name` on `node`, typed by its protocol. */
export function named<P = Protocol>(node: NodeId, name: string): ActorName<P> {
  return { node, name };
}

export function isRef(address: Address): address is ActorRef<unknown> {
  return "serial" in address;
}

/** Whether both are the same life of the same actor. */
export function sameActor(a: ActorRef<unknown>, b: ActorRef<unknown>): boolean {
  return a.serial === b.serial && a.boot === b.boot && a.node === b.node;
}

/** For messages to people: the name, or the path. */
export function showTarget(target: Target<unknown>): string {
  if (typeof target === "string") return target;
  return isRef(target) ? target.path : target.name;
}

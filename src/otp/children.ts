/**
 * What a running supervisor can be asked, of this node's: OTP's `supervisor:start_child/2` and its
 * kin. These calls have no deadline of their own, as in OTP: they last as long as the child takes.
 */
import type { ActorSystem } from "./actor-system.ts";
import type { ActorDefinition, ChildSpec, Restart } from "./definition.ts";
import type { ActorState } from "./inspection.ts";
import { type ActorRef, isRef, named, type Target } from "./ref.ts";

/** A child, as its supervisor sees it. */
export interface ChildInfo {
  readonly id: string;
  readonly kind: ActorDefinition["kind"];
  readonly restart: Restart;
  readonly state: ActorState;
  /** Absent while it does not run. */
  readonly ref?: ActorRef;
}

export type SupervisorProtocol = {
  readonly startChild: { readonly request: ChildSpec; readonly reply: ActorRef };
  readonly terminateChild: { readonly request: string; readonly reply: "done" };
  readonly restartChild: { readonly request: string; readonly reply: ActorRef };
  readonly renewChild: { readonly request: string; readonly reply: ActorRef };
  readonly deleteChild: { readonly request: string; readonly reply: "done" };
  readonly whichChildren: { readonly request: undefined; readonly reply: readonly ChildInfo[] };
};

const noDeadline = { timeoutMs: Number.POSITIVE_INFINITY };

/**
 * Adds a child at the right end and starts it.
 * @throws ChildState when its id is taken; what its `init` throws, and then it is not added.
 */
export function startChild<P>(
  system: ActorSystem,
  supervisor: Target<unknown>,
  spec: ChildSpec<P>,
): Promise<ActorRef<P>>;
export function startChild(
  system: ActorSystem,
  supervisor: Target<unknown>,
  spec: ChildSpec,
): Promise<ActorRef> {
  return system.call(asSupervisor(supervisor), "startChild", spec, noDeadline);
}

/**
 * Stops a child, within its `shutdown`. Its spec stays, unless it is temporary or the supervisor is
 * dynamic. @throws NoSuchChild.
 */
export async function terminateChild(
  system: ActorSystem,
  supervisor: Target<unknown>,
  id: string,
): Promise<void> {
  await system.call(asSupervisor(supervisor), "terminateChild", id, noDeadline);
}

/** Starts a child that was stopped. @throws NoSuchChild; ChildState; what its `init` throws. */
export function restartChild(
  system: ActorSystem,
  supervisor: Target<unknown>,
  id: string,
): Promise<ActorRef> {
  return system.call(asSupervisor(supervisor), "restartChild", id, noDeadline);
}

/**
 * Stops a child and starts it anew, in one step: `terminate_child` and `restart_child`, with two
 * differences. Those that the strategy ties to it go down and up with it, since they rely on what it
 * held; and the child of a dynamic supervisor, or a temporary one, is not forgotten in between. It is
 * an order and no failure, so it does not count towards the intensity. A child that does not start is
 * tried again as after a crash, and from then on it counts. A stopped child is started.
 * @throws NoSuchChild; what its `init` throws.
 */
export function renewChild(
  system: ActorSystem,
  supervisor: Target<unknown>,
  id: string,
): Promise<ActorRef> {
  return system.call(asSupervisor(supervisor), "renewChild", id, noDeadline);
}

/** Forgets a child that was stopped. @throws NoSuchChild; ChildState while it runs. */
export async function deleteChild(
  system: ActorSystem,
  supervisor: Target<unknown>,
  id: string,
): Promise<void> {
  await system.call(asSupervisor(supervisor), "deleteChild", id, noDeadline);
}

/** Its children in start order, also those that do not run. */
export function whichChildren(
  system: ActorSystem,
  supervisor: Target<unknown>,
): Promise<readonly ChildInfo[]> {
  return system.call(asSupervisor(supervisor), "whichChildren", undefined, noDeadline);
}

/** Whoever is no supervisor answers with `no_such_method`. */
function asSupervisor(target: Target<unknown>): Target<SupervisorProtocol> {
  if (typeof target === "string") return target;
  if (!isRef(target)) return named(target.node, target.name);
  const { node, boot, path, serial } = target;
  return { node, boot, path, serial };
}

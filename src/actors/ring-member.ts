/**
 * This node's place in the network: the shell of `membership/membership.ts`. It exchanges views over
 * the links, dials whom it should know, and publishes each new view to the catalog.
 */
import { Conflict, type MobError, Unreachable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import {
  type DialFailure,
  type MembershipEffect,
  type MembershipEvent,
  type MembershipState,
  type SelfDescription,
  startMembership,
  stepMembership,
} from "../membership/membership.ts";
import type { View } from "../membership/view.ts";
import type { Behaviour, Caller, Self } from "../otp/gen-server.ts";
import { refuse, replyLater } from "../otp/gen-server.ts";
import type { Storage } from "../storage/storage.ts";
import type { Catalog } from "./catalog.ts";
import type { Links } from "./links.ts";
import { recallView, rememberView } from "./remembered-view.ts";

export type RingMemberProtocol = {
  /** Answered with the view once the node at that address is part of it. */
  join: { request: { address: string }; reply: View };
};

export type RingMemberInfo =
  | { readonly type: "tick" }
  | { readonly type: "connected"; readonly peer: NodeId; readonly dialed: string | undefined }
  | { readonly type: "disconnected"; readonly peer: NodeId }
  | {
      readonly type: "dial-failed";
      readonly address: string;
      readonly why: DialFailure;
      readonly error: MobError;
    }
  | { readonly type: "received"; readonly from: NodeId; readonly view: View }
  | { readonly type: "join-due"; readonly address: string };

export interface RingMemberOptions {
  readonly describe: SelfDescription;
  readonly links: Links;
  readonly catalog: Catalog;
  /** Keeps the view, so that a node finds its network again by itself. */
  readonly storage: Storage;
  /** Where it was told to look for its network: dialed until met. */
  readonly join: readonly string[];
  /** Starts a connection to `address`; its outcome is told to this actor. */
  readonly dial: (address: string) => void;
  /** Another live node has this one's name: this node must stop. */
  readonly onNameTaken: (error: MobError) => void;
}

/** How long a join may take before its caller is told that it failed, and the dialing ends. */
export const joinMsMax = 4_000;

interface State {
  readonly self: Self<RingMemberProtocol, RingMemberInfo>;
  readonly options: RingMemberOptions;
  readonly membership: MembershipState;
  /** Who waits for a join, by the address asked for. */
  readonly joining: Map<string, Caller<View>[]>;
  /** Addresses dialed, of peers whose first view has yet to come. */
  readonly meeting: Map<NodeId, string>;
  /** What was last logged of each address that it was told to join at its start. */
  readonly unmet: Map<string, string>;
}

export function ringMember(
  options: RingMemberOptions,
): Behaviour<State, RingMemberProtocol, RingMemberInfo> {
  return {
    init(self) {
      const membership = startMembership(options.describe, self.env.clock.mono());
      const state: State = {
        self,
        options,
        membership,
        joining: new Map(),
        meeting: new Map(),
        unmet: new Map(),
      };
      recall(state);
      options.catalog.publishView(membership.view);
      for (const peer of options.links.peers()) feed(state, { kind: "connected", peer });
      for (const address of options.join) feed(state, { kind: "join-requested", address });
      self.sendAfter(membership.options.tickMs, { type: "tick" });
      return state;
    },
    handlers: {
      join(state, { address }, caller) {
        if (address === options.describe.address) {
          return refuse(state, new Conflict(`${address} is this node itself`));
        }
        feed(state, { kind: "join-requested", address });
        if (isMet(state, address)) return [state, state.membership.view];
        state.joining.set(address, [...(state.joining.get(address) ?? []), caller]);
        state.self.sendAfter(joinMsMax, { type: "join-due", address });
        return [state, replyLater];
      },
    },
    info(state, message) {
      if (message.type !== "DOWN" && message.type !== "EXIT") react(state, message);
      return state;
    },
    describe: ({ membership }) => membership.view,
  };
}

/** What was known before this node or this actor crashed. All that follows from it is whom to dial. */
function recall(state: State): void {
  const { self, options, membership } = state;
  const known = recallView(options.storage);
  if (known === undefined) return;
  const event: MembershipEvent = { kind: "received", from: options.describe.id, view: known };
  for (const effect of stepMembership(membership, event, self.env.clock.mono()).effects) {
    if (effect.kind === "dial") carryOut(state, effect);
  }
}

function react(state: State, message: RingMemberInfo): void {
  switch (message.type) {
    case "tick":
      state.self.sendAfter(state.membership.options.tickMs, { type: "tick" });
      feed(state, { kind: "tick" });
      return;
    case "connected":
      if (message.dialed !== undefined) state.meeting.set(message.peer, message.dialed);
      feed(state, { kind: "connected", peer: message.peer, dialed: message.dialed });
      return;
    case "disconnected":
      state.meeting.delete(message.peer);
      feed(state, { kind: "disconnected", peer: message.peer });
      return;
    case "dial-failed":
      tellUnmet(state, message.address, message.error);
      feed(state, { kind: "dial-failed", address: message.address, why: message.why });
      failJoin(state, message.address, message.error);
      return;
    case "received":
      feed(state, { kind: "received", from: message.from, view: message.view });
      met(state, message.from);
      return;
    case "join-due":
      failJoin(state, message.address, notInTime(message.address));
      return;
  }
}

function feed(state: State, event: MembershipEvent): void {
  const { effects } = stepMembership(state.membership, event, state.self.env.clock.mono());
  for (const effect of effects) carryOut(state, effect);
}

function carryOut(state: State, effect: MembershipEffect): void {
  const { links, catalog, dial, onNameTaken, describe } = state.options;
  switch (effect.kind) {
    case "send":
      links.send(effect.to, { kind: "view", view: effect.view });
      return;
    case "dial":
      dial(effect.address);
      return;
    case "publish":
      remember(state, effect.view);
      catalog.publishView(effect.view);
      return;
    case "close":
      links.get(effect.peer)?.close(effect.reason);
      return;
    case "name-taken": {
      const { id, address } = effect.by;
      onNameTaken(new Conflict(`the name ${describe.name} is taken by ${id} at ${address}`));
      return;
    }
  }
}

/** A node that crashes right after it joined must find its network again. */
function remember({ self, options }: State, view: View): void {
  const { storage } = options;
  if (!rememberView(storage, view)) return;
  storage.flush().catch((error: unknown) => {
    self.log.error("the view could not be made durable", { error });
  });
}

/** A peer's view has come: whoever asked to join it has its answer, once it survives a crash. */
function met(state: State, peer: NodeId): void {
  const address = state.meeting.get(peer);
  if (address === undefined) return;
  state.meeting.delete(peer);
  for (const caller of takeJoin(state, address)) {
    state.options.storage.flush().then(
      () => caller.reply(state.membership.view),
      (error: unknown) => caller.fail(error),
    );
  }
}

function isMet(state: State, address: string): boolean {
  const { members, connected } = state.membership;
  return [...connected].some((peer) => members.get(peer)?.address === address);
}

/** What the node was started with is dialed on: `--join` waits for a network that is not up yet. */
function failJoin(state: State, address: string, error: MobError): void {
  const callers = takeJoin(state, address);
  for (const caller of callers) caller.fail(error);
  const isGivenUp = callers.length > 0 && !state.options.join.includes(address);
  if (isGivenUp) feed(state, { kind: "join-given-up", address });
}

/** A join from the start has no caller: the log is told, once an error. */
function tellUnmet(state: State, address: string, error: MobError): void {
  const { self, options, membership, unmet } = state;
  if (!options.join.includes(address) || !membership.joins.has(address)) return;
  if (unmet.get(address) === error.message) return;
  unmet.set(address, error.message);
  self.log.warn("the network to join is not reached; it is tried on", { address, error });
}

function takeJoin(state: State, address: string): readonly Caller<View>[] {
  const callers = state.joining.get(address) ?? [];
  state.joining.delete(address);
  return callers;
}

function notInTime(address: string): MobError {
  return new Unreachable(`no node has answered at ${address} within ${joinMsMax} ms`);
}

/**
 * This node's place in the network: the shell of `membership/membership.ts`. It carries messages over
 * the links, keeps the one timer, dials whom it is told to, and publishes each view to the catalog.
 */
import { Conflict, type MobError, NotFound, Unreachable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { MembershipEffect, MembershipEvent } from "../membership/events.ts";
import { stepMembership } from "../membership/membership.ts";
import { currentView } from "../membership/publishing.ts";
import { type MembershipState, selfOf, startMembership } from "../membership/state.ts";
import { isLive, isShown, type View } from "../membership/view.ts";
import type { Behaviour, Caller, Cancel, Self } from "../otp/gen-server.ts";
import { refuse, replyLater } from "../otp/gen-server.ts";
import {
  forgetMembers,
  recallMembers,
  rememberMembers,
  withoutSuspicion,
} from "./remembered-view.ts";
import type {
  RingMemberInfo,
  RingMemberOptions,
  RingMemberProtocol,
} from "./ring-member-protocol.ts";

/** Views come in crowds, and each costs a text of all members: within this time they are written once. */
const rememberMs = 1_000;

/** How long a join may take before its caller is told that it failed, and the dialing ends. */
export const joinMsMax = 4_000;

interface State {
  readonly self: Self<RingMemberProtocol, RingMemberInfo>;
  readonly options: RingMemberOptions;
  readonly membership: MembershipState;
  timer: { readonly atMs: number; readonly cancel: Cancel } | undefined;
  /** The members were written a moment ago, and will be looked at again. */
  isRemembering: boolean;
  /** Who waits for a join, by the address asked for. */
  readonly joining: Map<string, Caller<View>[]>;
  /** The addresses at which peers were dialed. */
  readonly meeting: Map<NodeId, string>;
  /** What was last logged of each address that it was told to join at its start. */
  readonly unmet: Map<string, string>;
}

export function ringMember(
  options: RingMemberOptions,
): Behaviour<State, RingMemberProtocol, RingMemberInfo> {
  return {
    init(self) {
      const { env } = self;
      const { incarnations, members } = options.said;
      // An earlier life of this actor may have known more than it had written.
      const known = members ? withoutSuspicion(members) : recallMembers(options.storage);
      const describe = { ...options.describe, ...(incarnations && { said: incarnations }) };
      const draw = env.random("membership");
      const membership = startMembership(describe, env.clock.mono(), draw, options.membership);
      const state: State = {
        self,
        options,
        membership,
        timer: undefined,
        isRemembering: false,
        joining: new Map(),
        meeting: new Map(),
        unmet: new Map(),
      };
      options.catalog.publishView(membership.view);
      feed(state, { kind: "recalled", members: known });
      for (const peer of options.links.peers()) {
        feed(state, {
          kind: "connected",
          peer,
          dialed: membership.roster.get(peer)?.address ?? "",
        });
      }
      for (const address of options.join) feed(state, { kind: "join-requested", address });
      return state;
    },
    handlers: {
      join(state, { address }, caller) {
        if (address === options.describe.address) {
          return refuse(state, new Conflict(`${address} is this node itself`));
        }
        feed(state, { kind: "join-requested", address });
        if (isMet(state, address)) return [state, currentView(state.membership)];
        state.joining.set(address, [...(state.joining.get(address) ?? []), caller]);
        state.self.sendAfter(joinMsMax, { type: "join-due", address });
        return [state, replyLater];
      },
      leave(state, _request, caller) {
        feed(state, { kind: "leave" });
        forgetMembers(options.storage);
        options.storage.flush().then(
          () => caller.reply(undefined),
          (error: unknown) => caller.fail(error),
        );
        return [state, replyLater];
      },
      forget(state, { node }) {
        const member = currentView(state.membership).members.find(
          ({ id, name, state: is }) => id === node || (name === node && !isLive({ state: is })),
        );
        if (member === undefined || isLive(member))
          return refuse(state, unforgettable(state, node));
        feed(state, { kind: "forget", node: member.id });
        remember(state);
        return [state, member.id];
      },
    },
    info(state, message) {
      if (message.type !== "DOWN" && message.type !== "EXIT") react(state, message);
      return state;
    },
    describe: ({ membership }) => ({
      view: membership.view,
      health: membership.health,
      outdated: [...membership.outdated],
    }),
  };
}

function react(state: State, message: RingMemberInfo): void {
  switch (message.type) {
    case "timer":
      state.timer = undefined;
      feed(state, { kind: "timer" });
      return;
    case "remember":
      state.isRemembering = false;
      remember(state);
      return;
    case "boot-raised":
      feed(state, { kind: "boot-raised", boot: message.boot });
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
      feed(state, { kind: "received", from: message.from, message: message.message });
      return;
    case "join-due":
      failJoin(state, message.address, notInTime(message.address));
      return;
  }
}

function feed(state: State, event: MembershipEvent): void {
  const { effects } = stepMembership(state.membership, event, state.self.env.clock.mono());
  const { membership, options } = state;
  options.said.incarnations = {
    first: membership.firstIncarnation,
    last: selfOf(membership).incarnation,
  };
  options.said.members = selfOf(membership).state === "left" ? [] : membership.roster.all();
  for (const effect of effects) carryOut(state, effect);
  if (state.joining.size > 0) settleJoins(state);
  setTimer(state);
}

/** One timer for all. One that fires before anything is due costs less than its move with each message. */
function setTimer(state: State): void {
  const { self, membership, timer } = state;
  const atMs = membership.dueAtMs;
  if (timer !== undefined && timer.atMs <= atMs) return;
  timer?.cancel();
  state.timer = undefined;
  if (atMs === Number.POSITIVE_INFINITY) return;
  // Never by less than a clock can tell apart: a timer that fires too early is set again.
  const inMs = Math.max(1, atMs - self.env.clock.mono());
  state.timer = { atMs, cancel: self.sendAfter(inMs, { type: "timer" }) };
}

function carryOut(state: State, effect: MembershipEffect): void {
  const { links, catalog, dial, onNameTaken, onOutdated, describe } = state.options;
  switch (effect.kind) {
    case "send":
      links.send(effect.to, effect.message);
      return;
    case "dial":
      dial(effect.address);
      return;
    case "publish":
      rememberNowAndThen(state);
      catalog.publishView(effect.view);
      return;
    case "raise-boot":
      raiseBoot(state, effect.boot);
      return;
    case "outdated":
      onOutdated(effect.why);
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

/** At once, but for what comes within a second of it. */
function rememberNowAndThen(state: State): void {
  if (state.isRemembering) return;
  state.isRemembering = true;
  state.self.sendAfter(rememberMs, { type: "remember" });
  remember(state);
}

/** A node that crashes right after it joined must find its network again. */
function remember({ self, options, membership }: State): void {
  const { storage } = options;
  if (selfOf(membership).state === "left") return;
  if (!rememberMembers(storage, membership.roster.all())) return;
  storage.flush().catch((error: unknown) => {
    self.log.error("the view could not be made durable", { error });
  });
}

/** A boot counter is given to no two lives: it is on disk before anyone hears of it. */
function raiseBoot({ self, options }: State, boot: number): void {
  self.log.warn("others remember a later life of this node: its data folder is an old one", {
    boot,
  });
  options.raiseBoot(boot).then(
    () => self.tell({ type: "boot-raised", boot }),
    (error: unknown) => self.log.error("the boot counter could not be made durable", { error }),
  );
}

/** Whoever asked to join a node that has told all it knows has the answer, once that survives a crash. */
function settleJoins(state: State): void {
  const { membership, options } = state;
  for (const address of state.joining.keys()) {
    if (!isMet(state, address)) continue;
    remember(state);
    for (const caller of takeJoin(state, address)) {
      options.storage.flush().then(
        () => caller.reply(currentView(membership)),
        (error: unknown) => caller.fail(error),
      );
    }
  }
}

/** Whether the node at `address`, however that is written, is connected and has told what it knows. */
function isMet({ membership, meeting }: State, address: string): boolean {
  const { connected, syncing, roster } = membership;
  for (const peer of connected) {
    const isIt = meeting.get(peer) === address || roster.get(peer)?.address === address;
    if (isIt && !syncing.has(peer)) return true;
  }
  return false;
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
  if (!options.join.includes(address) || !membership.redial.joins.has(address)) return;
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

function unforgettable({ membership }: State, node: string): MobError {
  for (const record of membership.roster.all()) {
    if (isShown(record) && (record.id === node || record.name === node)) {
      return new Conflict(`${record.name} is ${record.state}: stop it, or have it leave, first`);
    }
  }
  return new NotFound(`there is no node ${node}`);
}

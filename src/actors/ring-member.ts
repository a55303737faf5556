/**
 * This node's place in the network: the shell of `membership/membership.ts`. It carries messages over
 * the links, keeps the one timer, dials whom it is told to, and publishes each view to the catalog.
 */
import { Conflict, type MobError, NotFound } from "../core/errors.ts";
import type { MembershipEffect, MembershipEvent } from "../membership/events.ts";
import { stepMembership } from "../membership/membership.ts";
import { mayBeWanted } from "../membership/on-demand.ts";
import { currentView } from "../membership/publishing.ts";
import { type MembershipState, selfOf, startMembership } from "../membership/state.ts";
import { isLive, isShown } from "../membership/view.ts";
import type { Behaviour, Cancel, Self } from "../otp/gen-server.ts";
import { refuse, replyLater } from "../otp/gen-server.ts";
import { Joins, joinMsMax } from "./joins.ts";
import { LinkSweep } from "./link-sweep.ts";
import { MemberMemory } from "./member-memory.ts";
import { forgetMembers, recallMembers, withoutSuspicion } from "./remembered-view.ts";
import type {
  RingMemberInfo,
  RingMemberOptions,
  RingMemberProtocol,
} from "./ring-member-protocol.ts";

interface State {
  readonly self: Self<RingMemberProtocol, RingMemberInfo>;
  readonly options: RingMemberOptions;
  readonly membership: MembershipState;
  timer: { readonly atMs: number; readonly cancel: Cancel } | undefined;
  readonly joins: Joins;
  readonly memory: MemberMemory;
  readonly sweep: LinkSweep;
}

export function ringMember(
  options: RingMemberOptions,
): Behaviour<State, RingMemberProtocol, RingMemberInfo> {
  return {
    init(self) {
      const { env } = self;
      const { incarnations, facts = options.describe.facts, members } = options.said;
      // An earlier life of this actor may have known more than it had written.
      const known = members ? withoutSuspicion(members) : recallMembers(options.storage);
      const describe = { ...options.describe, facts, ...(incarnations && { said: incarnations }) };
      const draw = env.random("membership");
      const membership = startMembership(describe, env.clock.mono(), draw, options.membership);
      const state: State = {
        self,
        options,
        membership,
        timer: undefined,
        joins: new Joins({
          membership,
          storage: options.storage,
          log: self.log,
          fromStart: options.join,
        }),
        memory: new MemberMemory(self, membership, options.storage),
        sweep: new LinkSweep(self, membership, options.links),
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
      options.links.useDemand((peer) => {
        const isMade = mayBeWanted(membership, peer);
        if (isMade) self.tell({ type: "wanted", peer });
        return isMade;
      });
      for (const peer of options.links.awaited()) feed(state, { kind: "wanted", peer });
      return state;
    },
    handlers: {
      join(state, { address }, caller) {
        if (address === options.describe.address) {
          return refuse(state, new Conflict(`${address} is this node itself`));
        }
        feed(state, { kind: "join-requested", address });
        if (state.joins.isMet(address)) return [state, currentView(state.membership)];
        state.joins.add(address, caller);
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
        state.memory.write();
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
      state.memory.waited();
      return;
    case "boot-raised":
      feed(state, { kind: "boot-raised", boot: message.boot });
      return;
    case "providers": {
      const facts = { ...selfOf(state.membership).facts, providers: message.providers };
      state.options.said.facts = facts;
      feed(state, { kind: "facts-changed", facts });
      return;
    }
    case "wanted":
      feed(state, { kind: "wanted", peer: message.peer });
      return;
    case "sweep":
      state.sweep.now();
      return;
    case "connected":
      state.joins.connected(message.peer, message.dialed);
      feed(state, { kind: "connected", peer: message.peer, dialed: message.dialed });
      state.sweep.later();
      return;
    case "disconnected":
      state.joins.disconnected(message.peer);
      feed(state, { kind: "disconnected", peer: message.peer });
      return;
    case "dial-failed":
      state.joins.logUnmet(message.address, message.error);
      feed(state, { kind: "dial-failed", address: message.address, why: message.why });
      if (state.joins.fail(message.address, message.error)) giveUpJoin(state, message.address);
      return;
    case "received":
      feed(state, { kind: "received", from: message.from, message: message.message });
      return;
    case "join-due":
      if (state.joins.failLate(message.address)) giveUpJoin(state, message.address);
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
  state.joins.settle(() => state.memory.write());
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
      links.get(effect.to)?.send(effect.message);
      return;
    case "unmet":
      if (links.giveUp(effect.peer)) {
        state.self.system.nodeUnreached(effect.peer, "no connection could be made");
      }
      return;
    case "dial":
      if (!isMet(state, effect.address)) dial(effect.address);
      return;
    case "publish":
      state.memory.changed();
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

/** Whether there is a connection with the node of that address, or all but: another would take its place, and all under way with it. */
function isMet({ membership, options }: State, address: string): boolean {
  return options.links.met().some((peer) => membership.roster.get(peer)?.address === address);
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

function giveUpJoin(state: State, address: string): void {
  feed(state, { kind: "join-given-up", address });
}

function unforgettable({ membership }: State, node: string): MobError {
  for (const record of membership.roster.all()) {
    if (isShown(record) && (record.id === node || record.name === node)) {
      return new Conflict(`${record.name} is ${record.state}: stop it, or have it leave, first`);
    }
  }
  return new NotFound(`there is no node ${node}`);
}

/**
 * Membership, plain: everyone sends everyone its whole view on every change and once a second, and who
 * is silent for 5 s is dead. Pure. Probing and gossip (SWIM) will take the place of the rules below
 * behind the same events and effects.
 */
import type { NodeId } from "../core/ids.ts";
import { knowsAll, newsIn, viewOf } from "./exchange.ts";
import { type Redial, retryAt, takeDue } from "./redial.ts";
import { type Facts, firstIncarnation, isLive, type Member, type View } from "./view.ts";

export interface MembershipOptions {
  /** How often the `tick` event is due; default 200. Less is more exact, and costs more. */
  readonly tickMs: number;
  /** Time between two exchanges of views; default 1,000. Also the heartbeat: well below `silenceMs`. */
  readonly exchangeMs: number;
  /** Silence after which a node is dead; default 5,000. Shorter finds out sooner, and errs more often. */
  readonly silenceMs: number;
  /** Time until a failed dial of a live or away node, or of a join, is repeated; default 1,000. */
  readonly redialMs: number;
  /** The same for the dead; default 5,000. For ever, so that partitions heal. */
  readonly redialDeadMs: number;
  /** Head start of the smaller id's dial, which is the one to stay if both dial; default 300. */
  readonly headStartMs: number;
}

export const membershipDefaults: MembershipOptions = {
  tickMs: 200,
  exchangeMs: 1_000,
  silenceMs: 5_000,
  redialMs: 1_000,
  redialDeadMs: 5_000,
  headStartMs: 300,
};

/**
 * Why a dial came to nothing. `refused`: the host answers and nobody listens there. `rejected`: a node
 * answered and will never let this one in (itself, another network); a refusal that may pass, such as
 * a taken name, is `unreachable`.
 */
export type DialFailure = "refused" | "unreachable" | "rejected";

export type MembershipEvent =
  | { readonly kind: "tick" }
  /** The handshake is done. `dialed`: the address it was dialed at; undefined when the peer dialed. */
  | { readonly kind: "connected"; readonly peer: NodeId; readonly dialed?: string | undefined }
  /** The last connection with the peer has ended. */
  | { readonly kind: "disconnected"; readonly peer: NodeId }
  | { readonly kind: "dial-failed"; readonly address: string; readonly why: DialFailure }
  | { readonly kind: "received"; readonly from: NodeId; readonly view: View }
  | { readonly kind: "join-requested"; readonly address: string }
  /** Whoever asked for the join was told that it failed: it is dialed no more for its sake. */
  | { readonly kind: "join-given-up"; readonly address: string }
  | { readonly kind: "facts-changed"; readonly facts: Facts }
  | { readonly kind: "leave" };

export type MembershipEffect =
  /** Lost if the peer is not connected. */
  | { readonly kind: "send"; readonly to: NodeId; readonly view: View }
  /** Answered by `connected` or `dial-failed`. */
  | { readonly kind: "dial"; readonly address: string }
  /** This node's view has changed. */
  | { readonly kind: "publish"; readonly view: View }
  /** Close the connection with a peer that is dead or has left. */
  | { readonly kind: "close"; readonly peer: NodeId; readonly reason: string }
  /** Another live node has this one's name and goes first: this one must stop. */
  | { readonly kind: "name-taken"; readonly by: Member };

/** Owned by whoever steps it and changed in place; only its views are immutable. */
export interface MembershipState {
  readonly self: NodeId;
  readonly options: MembershipOptions;
  view: View;
  readonly members: Map<NodeId, Member>;
  readonly connected: Set<NodeId>;
  /** When each node last gave a sign of life. */
  readonly heardAtMs: Map<NodeId, number>;
  /** Addresses asked for with no known node behind them yet. */
  readonly joins: Set<string>;
  readonly redial: Redial;
  tickedAtMs: number;
  exchangedAtMs: number;
}

export interface MembershipStep {
  readonly state: MembershipState;
  readonly effects: readonly MembershipEffect[];
}

/** What a node says of itself when it starts. */
export interface SelfDescription {
  readonly id: NodeId;
  readonly name: string;
  readonly address: string;
  /** Higher than in any earlier life of this node. */
  readonly boot: number;
  readonly facts: Facts;
}

/** A node that knows only itself. */
export function startMembership(
  self: SelfDescription,
  nowMs: number,
  options: Partial<MembershipOptions> = {},
): MembershipState {
  const { id, name, address, facts } = self;
  const incarnation = firstIncarnation(self.boot);
  const member: Member = { id, name, address, incarnation, state: "alive", facts };
  return {
    self: id,
    options: { ...membershipDefaults, ...options },
    view: { version: 1, members: [member] },
    members: new Map([[id, member]]),
    connected: new Set(),
    heardAtMs: new Map(),
    joins: new Set(),
    redial: { dueAtMs: new Map() },
    tickedAtMs: nowMs,
    exchangedAtMs: nowMs,
  };
}

/** One event: what follows from it, in order. The state returned is the one given. */
export function stepMembership(
  state: MembershipState,
  event: MembershipEvent,
  nowMs: number,
): MembershipStep {
  const before = state.view;
  const effects = apply(state, event, nowMs);
  if (state.view !== before) effects.push(...announce(state));
  effects.push(...dialDue(state, nowMs));
  return { state, effects };
}

function apply(state: MembershipState, event: MembershipEvent, nowMs: number): MembershipEffect[] {
  switch (event.kind) {
    case "tick":
      return onTick(state, nowMs);
    case "connected":
      state.connected.add(event.peer);
      state.heardAtMs.set(event.peer, nowMs);
      if (event.dialed !== undefined) {
        state.joins.delete(event.dialed);
        retryAt(state.redial, event.dialed, nowMs + state.options.redialMs);
      }
      return [{ kind: "send", to: event.peer, view: state.view }];
    case "disconnected":
      state.connected.delete(event.peer);
      return [];
    case "dial-failed":
      onDialFailed(state, event.address, event.why, nowMs);
      return [];
    case "received":
      return onReceived(state, event.from, event.view, nowMs);
    case "join-requested":
      if (!isConnectedAt(state, event.address)) state.joins.add(event.address);
      return [];
    case "join-given-up":
      state.joins.delete(event.address);
      return [];
    case "facts-changed":
      renewSelf(state, { facts: event.facts }, selfOf(state).incarnation);
      return [];
    case "leave":
      if (selfOf(state).state !== "left") put(state, [{ ...selfOf(state), state: "left" }]);
      return [];
  }
}

function onTick(state: MembershipState, nowMs: number): MembershipEffect[] {
  const { tickMs, silenceMs, exchangeMs } = state.options;
  // A node that was stalled has not listened: it must not take that for the others' silence.
  const stalledMs = nowMs - state.tickedAtMs - tickMs;
  state.tickedAtMs = nowMs;
  if (stalledMs > tickMs) {
    for (const [id, atMs] of state.heardAtMs) state.heardAtMs.set(id, atMs + stalledMs);
  }
  const silent = [...state.members.values()].filter(
    ({ id, state: is }) =>
      id !== state.self &&
      is !== "dead" &&
      is !== "left" &&
      nowMs - (state.heardAtMs.get(id) ?? nowMs) >= silenceMs,
  );
  put(
    state,
    silent.map((member) => ({ ...member, state: "dead" as const })),
  );
  const effects: MembershipEffect[] = silent
    .filter(({ id }) => state.connected.has(id))
    .map(({ id }) => ({ kind: "close", peer: id, reason: `silent for ${silenceMs} ms` }));
  if (nowMs - state.exchangedAtMs < exchangeMs) return effects;
  state.exchangedAtMs = nowMs;
  return silent.length > 0 ? effects : [...effects, ...sendToAll(state)];
}

function onDialFailed(
  state: MembershipState,
  address: string,
  why: DialFailure,
  nowMs: number,
): void {
  if (why === "rejected") state.joins.delete(address);
  const behind = [...state.members.values()].filter(
    (member) => member.address === address && !state.connected.has(member.id),
  );
  const areDead = behind.length > 0 && behind.every((member) => member.state === "dead");
  const { redialMs, redialDeadMs } = state.options;
  retryAt(state.redial, address, nowMs + (areDead ? redialDeadMs : redialMs));
  if (why !== "refused") return;
  // Their host lives, or there would be no answer.
  for (const { id } of behind) state.heardAtMs.set(id, nowMs);
  put(
    state,
    behind.filter(isLive).map((member) => ({ ...member, state: "away" as const })),
  );
}

function onReceived(
  state: MembershipState,
  from: NodeId,
  view: View,
  nowMs: number,
): MembershipEffect[] {
  state.heardAtMs.set(from, nowMs);
  const news = newsIn(view.members, state.members);
  const aboutSelf = news.find((told) => told.id === state.self);
  // Accused, or remembered from a life that this disk forgot: either way, speak above it.
  if (aboutSelf !== undefined) renewSelf(state, {}, aboutSelf.incarnation);
  const others = news.filter((told) => told.id !== state.self);
  for (const { id } of others) {
    if (!state.connected.has(id)) state.heardAtMs.set(id, nowMs); // Give it time to be met.
  }
  put(state, others);
  if (news.length > 0) return [...closeLeft(state, others), ...checkName(state, others)];
  return knowsAll(view, state.members) ? [] : [{ kind: "send", to: from, view: state.view }];
}

function closeLeft(state: MembershipState, changed: readonly Member[]): MembershipEffect[] {
  return changed
    .filter((member) => member.state === "left" && state.connected.has(member.id))
    .map(({ id }) => ({ kind: "close", peer: id, reason: "has left" }));
}

/**
 * The handshake refuses a name that is taken; two nodes that join at the same moment through different
 * ones slip through, and then the smaller id keeps the name.
 */
function checkName(state: MembershipState, changed: readonly Member[]): MembershipEffect[] {
  const { name, id } = selfOf(state);
  const by = changed.find((member) => member.name === name && isLive(member) && member.id < id);
  return by === undefined ? [] : [{ kind: "name-taken", by }];
}

function announce(state: MembershipState): MembershipEffect[] {
  return [{ kind: "publish", view: state.view }, ...sendToAll(state)];
}

function sendToAll(state: MembershipState): MembershipEffect[] {
  return [...state.connected].map((to) => ({ kind: "send", to, view: state.view }));
}

function dialDue(state: MembershipState, nowMs: number): MembershipEffect[] {
  const self = selfOf(state);
  const wanted = new Map<string, number>();
  if (self.state !== "left") {
    for (const address of state.joins) wanted.set(address, 0);
    for (const { id, address, state: is } of state.members.values()) {
      if (id === self.id || is === "left" || state.connected.has(id)) continue;
      wanted.set(address, id > self.id ? 0 : state.options.headStartMs);
    }
    // No use in dialing what is connected: a node may have the address of one that is no more.
    for (const id of [self.id, ...state.connected]) {
      wanted.delete(state.members.get(id)?.address ?? "");
    }
  }
  return takeDue(state.redial, wanted, nowMs).map((address) => ({ kind: "dial", address }));
}

function isConnectedAt(state: MembershipState, address: string): boolean {
  return [...state.connected].some((id) => state.members.get(id)?.address === address);
}

function selfOf(state: MembershipState): Member {
  const self = state.members.get(state.self);
  if (self === undefined) throw new Error("a view without its own node");
  return self;
}

function renewSelf(state: MembershipState, changed: Partial<Member>, above: number): void {
  put(state, [{ ...selfOf(state), ...changed, incarnation: above + 1 }]);
}

function put(state: MembershipState, changed: readonly Member[]): void {
  if (changed.length === 0) return;
  for (const member of changed) state.members.set(member.id, member);
  state.view = viewOf(state.members, state.view.version + 1);
}

/**
 * Replication, plain: every node holds every register. A write goes to all live nodes at once and is
 * acknowledged when a majority of them, this one included, has flushed it; whatever a node missed it
 * gets by comparing digests. Pure; shards, hints and hash trees will come behind the same events.
 */
import { type MobError, OutcomeUnknown, Unavailable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { answerDigest, answerSummary, digestOf, type RepairMessage } from "./anti-entropy.ts";
import type { Stamp } from "./hlc.ts";
import type { Register } from "./register.ts";
import { type Conflict, mergeRegisters, type Replica, writeRegister } from "./replica.ts";

/** What stores send each other; the wire declares the same shapes. */
export type StoreMessage =
  /** Written now by the sender: to be flushed and acknowledged by the last register's stamp. */
  | { readonly kind: "store-delta"; readonly registers: readonly Register[] }
  | { readonly kind: "store-ack"; readonly stamp: Stamp }
  | RepairMessage;

/** Whom a flush is for; comes back with its outcome. */
export type FlushPurpose =
  | { readonly kind: "own"; readonly stamp: Stamp }
  | { readonly kind: "peer"; readonly peer: NodeId; readonly stamp: Stamp };

/** One key to write; `value` undefined removes it. */
export interface Entry {
  readonly key: string;
  readonly value?: unknown;
}

export type ReplicationEvent =
  /** At least one entry; `id` is the caller's and comes back with the outcome. */
  | { readonly kind: "write"; readonly id: number; readonly entries: readonly Entry[] }
  | { readonly kind: "received"; readonly from: NodeId; readonly message: StoreMessage }
  | { readonly kind: "flushed"; readonly purpose: FlushPurpose }
  | { readonly kind: "flush-failed"; readonly purpose: FlushPurpose; readonly error: MobError }
  /** The view has changed: the other live nodes, and how many nodes there are in all, left ones aside. */
  | { readonly kind: "peers"; readonly live: readonly NodeId[]; readonly known: number }
  /** A connection with a peer was made. */
  | { readonly kind: "peer-up"; readonly peer: NodeId }
  /** Due every `tickMs`. */
  | { readonly kind: "tick" };

/** What an acknowledgement is worth: these nodes have flushed the write. */
export interface Receipt {
  readonly acks: readonly NodeId[];
  /** Live nodes that were to hold it, this one included. */
  readonly replicas: number;
  /** Most of the known nodes are not live: another side may be writing too. */
  readonly partitioned: boolean;
}

export type ReplicationEffect =
  /** Put into storage; a flush follows where someone waits for it. */
  | { readonly kind: "persist"; readonly registers: readonly Register[] }
  | { readonly kind: "flush"; readonly purpose: FlushPurpose }
  /** May be lost: what matters is sent again. */
  | { readonly kind: "send"; readonly to: NodeId; readonly message: StoreMessage }
  | {
      readonly kind: "written";
      readonly id: number;
      readonly registers: readonly Register[];
      readonly receipt: Receipt;
    }
  | { readonly kind: "failed"; readonly id: number; readonly error: MobError }
  /** What now reads differently here, whoever wrote it. */
  | { readonly kind: "changed"; readonly registers: readonly Register[] }
  /** Told at least once, on each node that held the loser. */
  | ({ readonly kind: "conflict" } & Conflict)
  /** The clock of `origin` is over 60 s ahead of this node's: its writes are not taken. */
  | { readonly kind: "clock-ahead"; readonly origin: NodeId; readonly aheadMs: number };

/** Times of one step, in ms: `monoMs` for deadlines, `wallMs` for stamps. */
export interface Now {
  readonly monoMs: number;
  readonly wallMs: number;
}

interface PendingWrite {
  readonly id: number;
  readonly registers: readonly Register[];
  readonly acks: Set<NodeId>;
  readonly sinceMs: number;
}

/** Owned by whoever steps it and changed in place, like its replica. */
export interface ReplicationState {
  readonly replica: Replica;
  live: readonly NodeId[];
  known: number;
  /** By `stampText` of the last register. */
  readonly pending: Map<string, PendingWrite>;
  comparedAtMs: number;
}

export interface ReplicationStep {
  readonly state: ReplicationState;
  readonly effects: readonly ReplicationEffect[];
}

/** How often the `tick` event is due; unacknowledged writes are then sent again. */
export const tickMs = 1_000;
/** Time between two comparisons of digests with every peer. */
export const compareMs = 5_000;
/** A write that no majority acknowledged for so long ends with `outcome_unknown`. */
export const writeMsMax = 10_000;
/** Writes waiting for acknowledgement before more are refused. */
export const pendingWritesMax = 10_000;

/** A node alone with what it holds, until the first `peers`. */
export function startReplication(replica: Replica, now: Now): ReplicationState {
  return { replica, live: [], known: 1, pending: new Map(), comparedAtMs: now.monoMs };
}

/** One event: what follows from it, in order. The state returned is the one given. */
export function stepReplication(
  state: ReplicationState,
  event: ReplicationEvent,
  now: Now,
): ReplicationStep {
  return { state, effects: apply(state, event, now) };
}

function apply(
  state: ReplicationState,
  event: ReplicationEvent,
  now: Now,
): readonly ReplicationEffect[] {
  switch (event.kind) {
    case "write":
      return onWrite(state, event.id, event.entries, now);
    case "received":
      return onReceived(state, event.from, event.message, now);
    case "flushed":
      return onFlushed(state, event.purpose);
    case "flush-failed":
      return onFlushFailed(state, event.purpose, event.error);
    case "peers":
      state.live = event.live;
      state.known = event.known;
      return [...state.pending.keys()].flatMap((key) => settle(state, key));
    case "peer-up":
      return sendAll(event.peer, [digestOf(state.replica)]);
    case "tick":
      return onTick(state, now.monoMs);
  }
}

function onWrite(
  state: ReplicationState,
  id: number,
  entries: readonly Entry[],
  now: Now,
): readonly ReplicationEffect[] {
  if (state.pending.size >= pendingWritesMax) {
    const error = new Unavailable(`${pendingWritesMax} writes wait to be acknowledged already`);
    return [{ kind: "failed", id, error }];
  }
  const registers = entries.map(({ key, value }) =>
    writeRegister(state.replica, key, value, now.wallMs),
  );
  const stamp = lastStamp(registers);
  if (stamp === undefined) return [];
  state.pending.set(stampText(stamp), { id, registers, acks: new Set(), sinceMs: now.monoMs });
  return [
    { kind: "changed", registers },
    { kind: "persist", registers },
    { kind: "flush", purpose: { kind: "own", stamp } },
    ...state.live.flatMap((to) => sendAll(to, [deltaOf(registers)])),
  ];
}

function onReceived(
  state: ReplicationState,
  from: NodeId,
  message: StoreMessage,
  now: Now,
): readonly ReplicationEffect[] {
  switch (message.kind) {
    case "store-delta":
      return onDelta(state, from, message.registers, now);
    case "store-state":
      return take(state, message.registers, now).effects;
    case "store-ack": {
      const key = stampText(message.stamp);
      state.pending.get(key)?.acks.add(from);
      return settle(state, key);
    }
    case "store-digest":
      return sendAll(from, answerDigest(state.replica, message.hash));
    case "store-summary":
      return sendAll(from, answerSummary(state.replica, message));
  }
}

function onDelta(
  state: ReplicationState,
  from: NodeId,
  registers: readonly Register[],
  now: Now,
): readonly ReplicationEffect[] {
  const { effects, complete } = take(state, registers, now);
  const stamp = lastStamp(registers);
  if (stamp === undefined || !complete) return effects;
  // Also when nothing changed: an earlier copy may be held and not yet flushed.
  return [...effects, { kind: "flush", purpose: { kind: "peer", peer: from, stamp } }];
}

/** Merges, and tells what came of it; `complete` unless some were refused. */
function take(
  state: ReplicationState,
  registers: readonly Register[],
  now: Now,
): { readonly effects: readonly ReplicationEffect[]; readonly complete: boolean } {
  const { changed, conflicts, refused } = mergeRegisters(state.replica, registers, now.wallMs);
  const effects: ReplicationEffect[] = [];
  if (changed.length > 0) {
    effects.push({ kind: "changed", registers: changed }, { kind: "persist", registers: changed });
  }
  for (const conflict of conflicts) effects.push({ kind: "conflict", ...conflict });
  const ahead = refused[0];
  if (ahead !== undefined) {
    const { origin, wall } = ahead.stamp;
    effects.push({ kind: "clock-ahead", origin, aheadMs: wall - now.wallMs });
  }
  return { effects, complete: ahead === undefined };
}

function onFlushed(state: ReplicationState, purpose: FlushPurpose): readonly ReplicationEffect[] {
  const { stamp } = purpose;
  if (purpose.kind === "peer") {
    return sendAll(purpose.peer, [{ kind: "store-ack", stamp }]);
  }
  state.pending.get(stampText(stamp))?.acks.add(state.replica.self);
  return settle(state, stampText(stamp));
}

/** Others may have the write already, and storage keeps it for its next flush: it is not undone. */
function onFlushFailed(
  state: ReplicationState,
  purpose: FlushPurpose,
  error: MobError,
): readonly ReplicationEffect[] {
  const key = stampText(purpose.stamp);
  const write = purpose.kind === "own" ? state.pending.get(key) : undefined;
  if (write === undefined) return [];
  state.pending.delete(key);
  const message = `it holds for now, and is not durable: ${error.message}`;
  return [{ kind: "failed", id: write.id, error: new OutcomeUnknown(message, { cause: error }) }];
}

function onTick(state: ReplicationState, nowMs: number): readonly ReplicationEffect[] {
  const effects: ReplicationEffect[] = [];
  for (const [key, write] of state.pending) {
    if (nowMs - write.sinceMs >= writeMsMax) {
      state.pending.delete(key);
      const error = new OutcomeUnknown(`no majority has acknowledged it for ${writeMsMax} ms`);
      effects.push({ kind: "failed", id: write.id, error });
    } else if (nowMs - write.sinceMs >= tickMs) {
      const missing = state.live.filter((peer) => !write.acks.has(peer));
      effects.push(...missing.flatMap((to) => sendAll(to, [deltaOf(write.registers)])));
    }
  }
  if (nowMs - state.comparedAtMs < compareMs) return effects;
  state.comparedAtMs = nowMs;
  const digest = [digestOf(state.replica)];
  return [...effects, ...state.live.flatMap((peer) => sendAll(peer, digest))];
}

/** Ends a write that this node and, with it, a majority of the live ones have flushed. */
function settle(state: ReplicationState, key: string): readonly ReplicationEffect[] {
  const write = state.pending.get(key);
  const { self } = state.replica;
  if (write === undefined || !write.acks.has(self)) return [];
  const replicas = state.live.length + 1;
  const acks = [self, ...state.live.filter((peer) => write.acks.has(peer))];
  if (2 * acks.length <= replicas) return [];
  state.pending.delete(key);
  const receipt: Receipt = { acks, replicas, partitioned: 2 * replicas <= state.known };
  return [{ kind: "written", id: write.id, registers: write.registers, receipt }];
}

function deltaOf(registers: readonly Register[]): StoreMessage {
  return { kind: "store-delta", registers };
}

function sendAll(to: NodeId, messages: readonly StoreMessage[]): readonly ReplicationEffect[] {
  return messages.map((message) => ({ kind: "send", to, message }));
}

function lastStamp(registers: readonly Register[]): Stamp | undefined {
  return registers.at(-1)?.stamp;
}

function stampText({ wall, counter, origin }: Stamp): string {
  return `${wall}.${counter}.${origin}`;
}

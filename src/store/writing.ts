/**
 * A write of one shard, from the first-ranked live replica to its acknowledgement: who has to flush
 * it, who has, who will not, and what the writer is told.
 */
import { type MobError, OutcomeUnknown, Unavailable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import { addHints } from "./hints.ts";
import { type Stamp, stampText } from "./hlc.ts";
import type { Register } from "./register.ts";
import { writeRegister } from "./replica.ts";
import type {
  Entry,
  Now,
  PendingWrite,
  Receipt,
  ReplicationEffect,
  ReplicationState,
  ShardMessage,
} from "./replication.ts";

/** How often the `tick` event is due; unacknowledged writes are then sent again. */
export const tickMs = 1_000;
/** A write that no majority acknowledged for so long ends with `outcome_unknown`. */
export const writeMsMax = 10_000;
/** Writes of one shard waiting for acknowledgement before more are refused. */
export const pendingWritesMax = 10_000;

export function onWrite(
  state: ReplicationState,
  id: number,
  entries: readonly Entry[],
  now: Now,
): readonly ReplicationEffect[] {
  if (state.pending.size >= pendingWritesMax) {
    const error = new Unavailable(`${pendingWritesMax} writes wait to be acknowledged already`);
    return [{ kind: "failed", id, error }];
  }
  const { replica, place } = state;
  const registers = entries.map(({ key, value }) => writeRegister(replica, key, value, now.wallMs));
  const stamp = registers.at(-1)?.stamp;
  if (stamp === undefined) return [];
  const pending = { acks: new Set<NodeId>(), refusals: new Map<NodeId, string>() };
  state.pending.set(stampText(stamp), { id, registers, ...pending, sinceMs: now.monoMs });
  for (const home of place.homes) {
    const isGone = home !== replica.self && !place.live.includes(home);
    if (isGone) addHints(state.hints, home, registers);
  }
  return [
    { kind: "changed", registers },
    { kind: "persist", registers },
    { kind: "flush", purpose: { kind: "own", stamp } },
    ...othersActing(state).map((to) => durableTo(state, to, registers)),
    ...toTheRest(state, registers),
  ];
}

/** @param refusal why `from` will not acknowledge; undefined: it does */
export function onAck(
  state: ReplicationState,
  from: NodeId,
  stamp: Stamp,
  refusal: string | undefined,
): readonly ReplicationEffect[] {
  const key = stampText(stamp);
  const write = state.pending.get(key);
  if (refusal === undefined) {
    write?.acks.add(from);
    write?.refusals.delete(from);
  } else write?.refusals.set(from, refusal);
  return settle(state, key);
}

/** What whoever waits for a flush of its write is told. @param refusal why there is none; undefined: it is on disk */
export function answerOf(shard: number, stamp: Stamp, refusal: string | undefined): ShardMessage {
  if (refusal === undefined) return { kind: "store-ack", shard, stamp };
  return { kind: "store-refuse", shard, stamp, message: refusal };
}

/** Others may have the write already, and storage keeps it for its next flush: it is not undone. */
export function onFlushFailed(
  state: ReplicationState,
  stamp: Stamp,
  error: MobError,
): readonly ReplicationEffect[] {
  const write = state.pending.get(stampText(stamp));
  if (write === undefined) return [];
  state.pending.delete(stampText(stamp));
  return [failed(write, `it holds for now, and is not durable: ${error.message}`, error)];
}

export function onTick(state: ReplicationState, nowMs: number): readonly ReplicationEffect[] {
  const effects: ReplicationEffect[] = [];
  for (const [key, write] of state.pending) {
    if (nowMs - write.sinceMs >= writeMsMax) {
      state.pending.delete(key);
      effects.push(failed(write, `no majority has acknowledged it for ${writeMsMax} ms`));
    } else if (nowMs - write.sinceMs >= tickMs) {
      const missing = othersActing(state).filter((to) => !write.acks.has(to));
      effects.push(...missing.map((to) => durableTo(state, to, write.registers)));
    }
  }
  return effects;
}

/** The view has changed: what a majority of those who are left has flushed is acknowledged. */
export function settleAll(state: ReplicationState): readonly ReplicationEffect[] {
  return [...state.pending.keys()].flatMap((key) => settle(state, key));
}

/** Ends a write that this node and, with it, a majority of the live replicas have flushed, or cannot. */
function settle(state: ReplicationState, key: string): readonly ReplicationEffect[] {
  const write = state.pending.get(key);
  if (write === undefined || !write.acks.has(state.replica.self)) return [];
  const targets = targetsOf(state);
  const acks = targets.filter((node) => write.acks.has(node));
  if (2 * acks.length > targets.length) {
    state.pending.delete(key);
    const { live, known } = state.place;
    const partitioned = 2 * (live.length + 1) <= known;
    const receipt: Receipt = { acks, replicas: targets.length, partitioned };
    return [{ kind: "written", id: write.id, registers: write.registers, receipt }];
  }
  const refusals = targets.filter((node) => write.refusals.has(node));
  if (2 * (targets.length - refusals.length) > targets.length) return [];
  state.pending.delete(key);
  const why = refusals.map((node) => `${node}: ${write.refusals.get(node)}`).join("; ");
  return [failed(write, `it holds for now, and is durable on too few nodes: ${why}`)];
}

/** This node first, which writes; then the others that are to flush. */
function targetsOf(state: ReplicationState): readonly NodeId[] {
  return [state.replica.self, ...othersActing(state)];
}

function othersActing({ replica, place }: ReplicationState): readonly NodeId[] {
  return place.acting.filter((node) => node !== replica.self);
}

function durableTo(
  state: ReplicationState,
  to: NodeId,
  registers: readonly Register[],
): ReplicationEffect {
  return { kind: "send", to, message: { ...deltaOf(state, registers), durable: true } };
}

/** Those who do not count for an acknowledgement are told as well, if there are any. */
function toTheRest(
  state: ReplicationState,
  registers: readonly Register[],
): readonly ReplicationEffect[] {
  const { acting, live } = state.place;
  if (live.every((node) => acting.includes(node))) return [];
  return [{ kind: "spread", message: deltaOf(state, registers), until: undefined, except: acting }];
}

/** For those who do not count for an acknowledgement. */
function deltaOf({ replica: { shard } }: ReplicationState, registers: readonly Register[]) {
  return { kind: "store-delta", shard, registers, durable: false } as const;
}

function failed({ id }: PendingWrite, message: string, cause?: MobError): ReplicationEffect {
  return { kind: "failed", id, error: new OutcomeUnknown(message, { cause }) };
}

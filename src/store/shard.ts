/**
 * Replication of one shard. A write is made by the first-ranked live replica, above all that it
 * holds, sent to every other at once, and acknowledged when a majority of the live replicas has
 * flushed it. What a node missed it gets as a hint or by comparing (`leaves.ts`, `repair.ts`). Pure.
 */
import type { NodeId } from "../core/ids.ts";
import { layGhosts, onBlank } from "./blanking.ts";
import { takeHints } from "./hints.ts";
import { answerLeaves, leavesOf, statesOf } from "./leaves.ts";
import { take } from "./merging.ts";
import { onConfirm, onConfirmFlushed, onPurge, onPurgeDue, sift } from "./purging.ts";
import type { Replica } from "./replica.ts";
import type {
  Now,
  ReplicationEffect,
  ReplicationEvent,
  ReplicationState,
  ReplicationStep,
  ShardMessage,
} from "./replication.ts";
import { passOn } from "./spreading.ts";
import { answerOf, onAck, onFlushFailed, onTick, onWrite, settleAll } from "./writing.ts";

/** A node alone with what it holds, until the first `place`. */
export function startReplication(replica: Replica): ReplicationState {
  const { self } = replica;
  const place = { homes: [self], acting: [self], live: [], known: 1 };
  return {
    replica,
    place,
    placedAtMs: Number.POSITIVE_INFINITY,
    pending: new Map(),
    hints: new Map(),
    purge: undefined,
    purged: new Map(),
    purgedAtMs: 0,
    ghosts: new Map(),
  };
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
      return event.purpose.kind === "confirm"
        ? onConfirmFlushed(state, event.purpose.root, now.monoMs)
        : onAck(state, state.replica.self, event.purpose.stamp, undefined);
    case "flush-failed":
      return event.purpose.kind === "confirm"
        ? []
        : onFlushFailed(state, event.purpose.stamp, event.error);
    case "place":
      state.place = event.place;
      state.placedAtMs = now.monoMs;
      return settleAll(state);
    case "peer-up": {
      const owed = takeHints(state.hints, event.peer, state.replica.registers);
      return sendAll(event.peer, statesOf(state.replica.shard, owed));
    }
    case "compare":
      return sendAll(event.peer, [leavesOf(state.replica, true)]);
    case "blank":
      return onBlank(state);
    case "purge-due":
      return onPurgeDue(state, now);
    case "tick":
      return onTick(state, now.monoMs);
  }
}

function onReceived(
  state: ReplicationState,
  from: NodeId,
  message: ShardMessage,
  now: Now,
): readonly ReplicationEffect[] {
  switch (message.kind) {
    case "store-delta":
      return [...passOn(message, state.place.acting), ...onDelta(state, from, message, now)];
    case "store-state": {
      const { registers, answers } = sift(state, from, message.registers);
      return [...take(state.replica, registers, now.wallMs).effects, ...answers];
    }
    case "store-ack":
      return onAck(state, from, message.stamp, undefined);
    case "store-refuse":
      return onAck(state, from, message.stamp, message.message);
    case "store-leaves": {
      const answers = sendAll(from, answerLeaves(state.replica, message));
      if (message.wanted) return answers;
      return [...answers, ...layGhosts(state), { kind: "compared", peer: from }];
    }
    case "store-confirm":
      return onConfirm(state, from, message, now.monoMs);
    case "store-purge":
      return [...passOn(message), ...onPurge(state, message.tombstones, now.monoMs)];
  }
}

function onDelta(
  state: ReplicationState,
  from: NodeId,
  { registers: told, durable }: Extract<ShardMessage, { readonly kind: "store-delta" }>,
  now: Now,
): readonly ReplicationEffect[] {
  const { replica } = state;
  const { registers, answers } = sift(state, from, told);
  const taken = take(replica, registers, now.wallMs);
  const { refused } = taken;
  const effects = [...taken.effects, ...answers];
  const stamp = told.at(-1)?.stamp;
  if (stamp === undefined || !durable) return effects;
  if (refused !== undefined) {
    return [...effects, ...sendAll(from, [answerOf(replica.shard, stamp, refused)])];
  }
  // Also when nothing changed: an earlier copy may be held and not yet flushed.
  return [...effects, { kind: "acknowledge", to: from, stamp }];
}

function sendAll(to: NodeId, messages: readonly ShardMessage[]): readonly ReplicationEffect[] {
  return messages.map((message) => ({ kind: "send", to, message }));
}

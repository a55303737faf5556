/**
 * Holds one shard on this node: the shell of `store/replication.ts`. It puts what changes into storage
 * and into the catalog, tells those who look at the catalog, and answers a write once a majority of
 * the shard's live replicas has it on disk.
 */
import { MobError, Unavailable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { Behaviour, Caller, Self } from "../otp/gen-server.ts";
import { replyLater } from "../otp/gen-server.ts";
import type { ShardId } from "../ring/ranking.ts";
import type { Storage } from "../storage/storage.ts";
import type { Stamp } from "../store/hlc.ts";
import { openReplica } from "../store/replica.ts";
import type {
  Entry,
  FlushPurpose,
  Receipt,
  ReplicationEffect,
  ReplicationEvent,
  ReplicationState,
  ShardMessage,
} from "../store/replication.ts";
import { startReplication, stepReplication } from "../store/shard.ts";
import { type Spread, sendsOf } from "../store/spreading.ts";
import { answerOf, tickMs } from "../store/writing.ts";
import type { Catalog } from "./catalog.ts";
import type { Durability } from "./durability.ts";
import { raiseHorizon } from "./horizon.ts";
import type { Links } from "./links.ts";
import { names } from "./names.ts";
import type { Records } from "./records.ts";
import type { ShardMap } from "./shard-map.ts";
import { putRegister, readShard, removeRegister } from "./shard-storage.ts";

export type StoreShardProtocol = {
  /** Writes all entries or none; answered when it is durable on a majority of the live replicas. */
  write: { request: { entries: readonly Entry[] }; reply: Receipt };
};

export type StoreShardInfo =
  | { readonly type: "event"; readonly event: ReplicationEvent }
  /** The shard map has changed. */
  | { readonly type: "place" }
  | { readonly type: "tick" };

export interface StoreShardOptions {
  readonly node: NodeId;
  readonly storage: Storage;
  readonly durability: Durability;
  readonly links: Links;
  readonly catalog: Catalog;
  readonly shards: ShardMap;
  readonly records: Records;
}

interface State {
  readonly self: Self<StoreShardProtocol, StoreShardInfo>;
  readonly options: StoreShardOptions;
  readonly shard: ShardId;
  readonly replication: ReplicationState;
  readonly callers: Map<number, Caller<Receipt>>;
  writes: number;
  /** A tick is under way: it is as long as a write is pending. */
  isTicking: boolean;
}

export function storeShard(
  shard: ShardId,
  options: StoreShardOptions,
): Behaviour<State, StoreShardProtocol, StoreShardInfo> {
  return {
    init: (self) => open(self, shard, options),
    handlers: {
      write(state, { entries }, caller) {
        const id = ++state.writes;
        state.callers.set(id, caller);
        feed(state, { kind: "write", id, entries });
        if (!state.isTicking) tickLater(state);
        return [state, replyLater];
      },
    },
    info(state, message) {
      react(state, message);
      return state;
    },
    describe: ({ replication, callers }) => ({
      registers: replication.replica.registers.size,
      tombstones: replication.replica.tombstones.size,
      homes: replication.place.homes,
      writesPending: callers.size,
    }),
  };
}

function open(
  self: Self<StoreShardProtocol, StoreShardInfo>,
  shard: ShardId,
  options: StoreShardOptions,
): State {
  const { node, storage, catalog } = options;
  const kept = readShard(storage, shard);
  const replication = startReplication(openReplica(shard, node, kept));
  const callers = new Map<number, Caller<Receipt>>();
  const state = { self, options, shard, replication, callers, writes: 0, isTicking: false };
  catalog.refill(shard, kept);
  options.records.open(replication.replica);
  publishRoot(state);
  react(state, { type: "place" });
  return state;
}

function react(state: State, message: StoreShardInfo | { readonly type: "DOWN" | "EXIT" }): void {
  switch (message.type) {
    case "event":
      feed(state, message.event);
      return;
    case "place":
      feed(state, { kind: "place", place: state.options.shards.placeOf(state.shard) });
      return;
    case "tick":
      feed(state, { kind: "tick" });
      state.isTicking = false;
      if (state.replication.pending.size > 0) tickLater(state);
      return;
    case "DOWN":
    case "EXIT":
      return;
  }
}

function tickLater(state: State): void {
  state.isTicking = true;
  state.self.sendAfter(tickMs, { type: "tick" });
}

function feed(state: State, event: ReplicationEvent): void {
  const { env } = state.self;
  const now = { monoMs: env.clock.mono(), wallMs: env.clock.wall() };
  const { effects } = stepReplication(state.replication, event, now);
  const isHeldAnew = effects.some(({ kind }) => kind === "persist" || kind === "forget");
  if (isHeldAnew || event.kind === "purge-due") publishRoot(state);
  for (const effect of effects) carryOut(state, effect);
}

function publishRoot({ options, shard, replication }: State): void {
  const { replica, purged } = replication;
  options.shards.hold(shard, replica.digest, replica.tombstones.size > 0 || purged.size > 0);
}

function carryOut(state: State, effect: ReplicationEffect): void {
  const { storage, catalog } = state.options;
  const { log, system } = state.self;
  switch (effect.kind) {
    case "changed":
      catalog.apply(effect.registers);
      state.options.records.changed(effect.registers);
      return;
    case "persist":
      for (const register of effect.registers) putRegister(storage, state.shard, register);
      return;
    case "forget":
      for (const key of effect.keys) removeRegister(storage, state.shard, key);
      if (effect.horizon !== undefined) raiseHorizon(state.options, effect.horizon);
      return;
    case "flush":
      flush(state, effect.purpose);
      return;
    case "acknowledge":
      acknowledge(state, effect.to, effect.stamp);
      return;
    case "send":
      send(state, effect.to, effect.message);
      return;
    case "spread":
      for (const { to, message } of spreadFrom(state, effect)) send(state, to, message);
      return;
    case "written":
      take(state, effect.id)?.reply(effect.receipt);
      return;
    case "failed":
      take(state, effect.id)?.fail(effect.error);
      return;
    case "conflict":
      log.warn("two nodes wrote at once; the later write is kept, the other in the history", {
        key: effect.winner.key,
        kept: effect.winner.stamp,
        lost: effect.loser.stamp,
      });
      return;
    case "clock-ahead":
      log.error("a node's clock is ahead of this one's; its writes are not taken", {
        node: effect.origin,
        aheadMs: effect.aheadMs,
      });
      return;
    case "compared":
      system.tell(names.store, { type: "compared", peer: effect.peer, shard: state.shard });
      return;
  }
}

function spreadFrom({ replication, options }: State, effect: Spread) {
  const { links, node } = options;
  return sendsOf(effect, replication.place, node, (peer) => links.isConnected(peer));
}

/** What a full queue sheds is found by comparing; what finds no connection, when there is one again. */
function send({ self, options }: State, to: NodeId, message: ShardMessage): void {
  if (options.links.send(to, message) || !options.links.reaches(to)) return;
  self.system.tell(names.store, { type: "lagging", peer: to });
}

function flush({ self, options }: State, purpose: FlushPurpose): void {
  const tell = (event: ReplicationEvent) => self.system.deliver(self.ref, { type: "event", event });
  options.durability.flush().then(
    () => tell({ kind: "flushed", purpose }),
    (cause: unknown) => tell({ kind: "flush-failed", purpose, error: asMobError(cause) }),
  );
}

/** Needs nothing of the state, so no turn of the actor: there are two for each write. */
function acknowledge(state: State, to: NodeId, stamp: Stamp): void {
  const answer = (refusal?: string) => send(state, to, answerOf(state.shard, stamp, refusal));
  state.options.durability.flush().then(
    () => answer(),
    (cause: unknown) => answer(asMobError(cause).message),
  );
}

function asMobError(cause: unknown): MobError {
  return cause instanceof MobError ? cause : new Unavailable("the disk refuses", { cause });
}

function take(state: State, id: number): Caller<Receipt> | undefined {
  const caller = state.callers.get(id);
  state.callers.delete(id);
  return caller;
}

/**
 * Holds every record of the network on this node: the shell of `store/replication.ts`. It puts what
 * changes into storage and into the catalog, tells those who look at the catalog, and answers a write
 * once a majority of the live nodes has it on disk.
 */
import { MobError, Unavailable } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { Behaviour, Caller, Self } from "../otp/gen-server.ts";
import { replyLater } from "../otp/gen-server.ts";
import type { Storage } from "../storage/storage.ts";
import { decodeRegister, encodeRegister } from "../store/register-codec.ts";
import { openReplica } from "../store/replica.ts";
import {
  type Entry,
  type FlushPurpose,
  type Receipt,
  type ReplicationEffect,
  type ReplicationEvent,
  type ReplicationState,
  type StoreMessage,
  startReplication,
  stepReplication,
  tickMs,
} from "../store/replication.ts";
import type { Catalog } from "./catalog.ts";
import type { Links } from "./links.ts";

/** Sets registers apart from what else the node keeps in its storage. */
const prefix = "r/";

export type StoreProtocol = {
  /** Writes all entries or none; answered when it is durable on a majority of the live nodes. */
  write: { request: { entries: readonly Entry[] }; reply: Receipt };
};

export type StoreInfo =
  | { readonly type: "received"; readonly from: NodeId; readonly message: StoreMessage }
  | { readonly type: "view" }
  | { readonly type: "peer-up"; readonly peer: NodeId }
  | { readonly type: "flushed"; readonly purpose: FlushPurpose }
  | { readonly type: "flush-failed"; readonly purpose: FlushPurpose; readonly error: MobError }
  | { readonly type: "tick" };

export interface StoreOptions {
  readonly node: NodeId;
  readonly storage: Storage;
  readonly links: Links;
  readonly catalog: Catalog;
}

interface State {
  readonly self: Self<StoreProtocol, StoreInfo>;
  readonly options: StoreOptions;
  readonly replication: ReplicationState;
  readonly callers: Map<number, Caller<Receipt>>;
  writes: number;
  /** The last flush failed: what it was to make durable waits for another. */
  isFlushDue: boolean;
}

export function store(options: StoreOptions): Behaviour<State, StoreProtocol, StoreInfo> {
  return {
    init: (self) => open(self, options),
    handlers: {
      write(state, { entries }, caller) {
        const id = ++state.writes;
        state.callers.set(id, caller);
        feed(state, { kind: "write", id, entries });
        return [state, replyLater];
      },
    },
    info(state, message) {
      react(state, message);
      return state;
    },
    describe: ({ replication, callers }) => ({
      registers: replication.replica.registers.size,
      live: replication.live,
      writesPending: callers.size,
    }),
  };
}

function open(self: Self<StoreProtocol, StoreInfo>, options: StoreOptions): State {
  const { node, storage, catalog } = options;
  const kept = [...storage.list(prefix)].map(({ key, value }) => decodeRegister(key, value));
  const replica = openReplica(node, kept);
  const state: State = {
    self,
    options,
    replication: startReplication(replica, now(self)),
    callers: new Map(),
    writes: 0,
    isFlushDue: false,
  };
  catalog.refill(kept);
  react(state, { type: "view" });
  self.sendAfter(tickMs, { type: "tick" });
  return state;
}

function react(state: State, message: StoreInfo | { readonly type: "DOWN" | "EXIT" }): void {
  switch (message.type) {
    case "received":
      feed(state, { kind: "received", from: message.from, message: message.message });
      return;
    case "view": {
      const { live, known } = state.options.catalog.peers();
      feed(state, { kind: "peers", live, known });
      return;
    }
    case "peer-up":
      feed(state, { kind: "peer-up", peer: message.peer });
      return;
    case "flushed":
      state.isFlushDue = false;
      feed(state, { kind: "flushed", purpose: message.purpose });
      return;
    case "flush-failed":
      state.isFlushDue = true;
      feed(state, {
        kind: "flush-failed",
        purpose: message.purpose,
        error: message.error,
      });
      return;
    case "tick":
      state.self.sendAfter(tickMs, { type: "tick" });
      feed(state, { kind: "tick" });
      if (state.isFlushDue) flushAgain(state);
      return;
    case "DOWN":
    case "EXIT":
      return;
  }
}

function feed(state: State, event: ReplicationEvent): void {
  const { effects } = stepReplication(state.replication, event, now(state.self));
  for (const effect of effects) carryOut(state, effect);
}

function carryOut(state: State, effect: ReplicationEffect): void {
  const { storage, links, catalog } = state.options;
  switch (effect.kind) {
    case "changed":
      catalog.apply(effect.registers);
      return;
    case "persist":
      for (const register of effect.registers) {
        storage.put(`${prefix}${register.key}`, encodeRegister(register));
      }
      return;
    case "flush":
      flush(state, effect.purpose);
      return;
    case "send":
      links.send(effect.to, effect.message);
      return;
    case "written":
      take(state, effect.id)?.reply(effect.receipt);
      return;
    case "failed":
      take(state, effect.id)?.fail(effect.error);
      return;
    case "conflict":
      state.self.log.warn("two nodes wrote at once; the later write is kept", {
        key: effect.winner.key,
        kept: effect.winner.stamp,
        lost: effect.loser.stamp,
      });
      return;
    case "clock-ahead":
      state.self.log.error("a node's clock is ahead of this one's; its writes are not taken", {
        node: effect.origin,
        aheadMs: effect.aheadMs,
      });
      return;
  }
}

function flush(state: State, purpose: FlushPurpose): void {
  const { self } = state;
  state.options.storage.flush().then(
    () => self.tell({ type: "flushed", purpose }),
    (cause: unknown) => {
      const error =
        cause instanceof MobError ? cause : new Unavailable("the disk refuses", { cause });
      self.log.error("a write could not be made durable", { error });
      self.tell({ type: "flush-failed", purpose, error });
    },
  );
}

/** For no one who waits; in silence, since the failure was told. */
function flushAgain(state: State): void {
  state.options.storage.flush().then(
    () => {
      state.isFlushDue = false;
    },
    () => {},
  );
}

function take(state: State, id: number): Caller<Receipt> | undefined {
  const caller = state.callers.get(id);
  state.callers.delete(id);
  return caller;
}

function now({ env }: { readonly env: Self["env"] }) {
  return { monoMs: env.clock.mono(), wallMs: env.clock.wall() };
}

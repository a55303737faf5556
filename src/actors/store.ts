/**
 * The way to every record, one hop from any node: finds the node that writes for a shard, gives what
 * peers send to the `store-shard` actor it is for, which it starts when first needed, and has shards
 * compared with peers (`store/repair.ts`). It holds no record itself.
 */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest } from "../core/errors.ts";
import type { NodeId } from "../core/ids.ts";
import type { Behaviour, Caller, Self } from "../otp/gen-server.ts";
import { replyLater } from "../otp/gen-server.ts";
import { named } from "../otp/ref.ts";
import { type ShardId, shardCount } from "../ring/ranking.ts";
import type { RepairEffect, RepairEvent } from "../store/comparing.ts";
import { shardOfKey } from "../store/key-shard.ts";
import { outlived } from "../store/outliving.ts";
import {
  hasMetAll,
  isCompareDue,
  isFresh,
  type RepairState,
  repairTickMs,
  startRepair,
  stepRepair,
} from "../store/repair.ts";
import { CatchingUp, catchUpMsMax } from "./catching-up.ts";
import { dropHorizon, openHorizon, raiseHorizon } from "./horizon.ts";
import { names } from "./names.ts";
import { RingPlace } from "./ring-place.ts";
import { ShardActors } from "./shard-actors.ts";
import { shardsKept } from "./shard-storage.ts";
import { againMs, ShardWrites } from "./shard-writes.ts";
import type { StoreInfo, StoreMessage, StoreProtocol } from "./store-protocol.ts";
import type { StoreShardOptions } from "./store-shard.ts";

export type StoreOptions = StoreShardOptions;

const WriteShape = Type.Object({
  entries: Type.Array(
    Type.Object({
      key: Type.String({ pattern: "^[\\u0021-\\u007e]{1,1024}$" }),
      value: Type.Optional(Type.Unknown()),
    }),
    { minItems: 1 },
  ),
  here: Type.Optional(Type.Boolean()),
});
const isWrite = Compile(WriteShape);

/** Above the time after which the writing node itself gives up. */
const remoteTimeoutMs = 11_500;
/** Ticks between two looks for tombstones that may go. */
const purgeTicks = 30;
/** Ticks between two looks for what a write of a removed creation has won against. */
const outlivedTicks = 5;

interface State {
  readonly self: Self<StoreProtocol, StoreInfo>;
  readonly options: StoreOptions;
  readonly actors: ShardActors;
  readonly repair: RepairState;
  readonly writes: ShardWrites;
  readonly catchingUp: CatchingUp;
  readonly random: () => number;
  readonly place: RingPlace;
  ticks: number;
}

export function store(options: StoreOptions): Behaviour<State, StoreProtocol, StoreInfo> {
  return {
    init: (self) => open(self, options),
    handlers: {
      write(state, request, caller) {
        state.writes.all(request).then(
          (receipt) => caller.reply(receipt),
          (error: unknown) => caller.fail(error),
        );
        return [state, replyLater];
      },
      ready(state, { key }, caller: Caller<"ready">) {
        state.writes.fresh(shardOfKey(key)).then(
          () => caller.reply("ready"),
          (error: unknown) => caller.fail(error),
        );
        return [state, replyLater];
      },
      caughtUp(state, _request, caller: Caller<"caught-up">) {
        state.catchingUp.wait(() => caller.reply("caught-up"));
        return [state, replyLater];
      },
    },
    info(state, message) {
      if (message.type !== "DOWN" && message.type !== "EXIT") react(state, message);
      return state;
    },
    describe: ({ actors, repair, writes }) => ({
      shards: actors.shards.length,
      comparing: [...repair.courses.keys()],
      writesWaiting: writes.waiting,
    }),
    remote: {
      write(payload) {
        if (isWrite.Check(payload)) return payload;
        throw new BadRequest("not a write");
      },
    },
  };
}

async function open(self: Self<StoreProtocol, StoreInfo>, options: StoreOptions): Promise<State> {
  const { node, shards, durability, storage } = options;
  const { env, system } = self;
  const repair = startRepair(env.clock.mono());
  const actors = new ShardActors(system, options, self.log);
  const fresh = (shard: ShardId) => isFresh(repair, shard, env.clock.mono());
  const writes = new ShardWrites({
    node,
    system,
    env,
    shards,
    durability,
    isFresh: fresh,
    hurry: (shard) => feedRepair(state, { kind: "hurry", shard }),
    ensure: (shard) => actors.ensure(shard),
    sendTo: (writer, entries) =>
      system.call(
        named<StoreProtocol>(writer, names.store),
        "write",
        { entries, here: true },
        { timeoutMs: remoteTimeoutMs },
      ),
    againLater: () => self.sendAfter(againMs, { type: "again" }),
  });
  const state: State = {
    self,
    options,
    actors,
    repair,
    writes,
    catchingUp: new CatchingUp(() => shards.hasCaughtUp),
    random: env.random("store"),
    place: new RingPlace({
      ...options,
      clock: env.clock,
      publishIn: (ms) => self.sendAfter(ms, { type: "view" }),
    }),
    ticks: 0,
  };
  // Where not everyone is a partner, none may be one yet.
  const hasPartners = () => repair.live.length > 0 || shards.live.length === 0;
  shards.useFreshness(fresh, () => hasPartners() && hasMetAll(repair));
  openHorizon(options);
  await actors.open(shardsKept(storage));
  react(state, { type: "view" });
  self.sendAfter(repairTickMs, { type: "tick" });
  self.sendAfter(catchUpMsMax, { type: "waited" });
  return state;
}

function react(state: State, message: StoreInfo): void {
  switch (message.type) {
    case "received":
      receive(state, message.from, message.message);
      return;
    case "view":
      publish(state);
      return;
    case "peer-up":
      state.actors.tellAll({ type: "event", event: { kind: "peer-up", peer: message.peer } });
      feedRepair(state, { kind: "peer-up", peer: message.peer });
      lookForPartners(state);
      return;
    case "lagging":
      feedRepair(state, { kind: "lagging", peer: message.peer });
      return;
    case "outdated":
      blank(state, message.why);
      return;
    case "compared":
      feedRepair(state, { kind: "compared", peer: message.peer, shard: message.shard });
      return;
    case "again":
      state.writes.again();
      return;
    case "waited":
      state.catchingUp.end();
      return;
    case "tick":
      state.self.sendAfter(repairTickMs, { type: "tick" });
      onTick(state);
      return;
  }
}

function receive(state: State, from: NodeId, message: StoreMessage): void {
  switch (message.kind) {
    case "store-digest":
    case "store-roots":
      feedRepair(state, { kind: "received", from, message });
      return;
    case "store-delta":
    case "store-ack":
    case "store-refuse":
    case "store-leaves":
    case "store-state":
    case "store-confirm":
    case "store-purge":
      if (message.shard >= shardCount) return;
      state.actors.tell(message.shard as ShardId, { kind: "received", from, message });
      return;
  }
}

function blank(state: State, why: string): void {
  const { shards } = state.actors;
  state.self.log.warn("what this node holds is out of date; it is told anew by the others", {
    why,
  });
  dropHorizon(state.options);
  state.actors.tellAll({ type: "event", event: { kind: "blank" } });
  feedRepair(state, { kind: "blank", shards });
}

function onTick(state: State): void {
  const { durability, shards, records } = state.options;
  if (isCompareDue(state.repair, state.self.env.clock.mono())) lookForPartners(state);
  feedRepair(state, { kind: "tick", draw: state.random() });
  state.writes.release();
  void durability.settle();
  state.ticks++;
  if (state.ticks % outlivedTicks === 0) writeOutlived(state);
  if (state.ticks % purgeTicks !== 0) return;
  records.lookAgain();
  for (const shard of shards.toPurge) state.actors.tell(shard, { kind: "purge-due" });
}

/** Where what was just met is known here, so that nothing newer is overwritten unread. */
function writeOutlived({ options, writes, self }: State): void {
  const { shards, records, node } = options;
  for (const shard of shards.toPurge) {
    const replica = records.replica(shard);
    if (replica === undefined || shards.writerOf(shard) !== node || !shards.isFresh(shard))
      continue;
    const entries = outlived(replica);
    if (entries.length === 0) continue;
    self.log.warn("what lost to a write of a removed creation is written again", { entries });
    writes.all({ entries, here: true }).catch((error: unknown) => {
      self.log.warn("it could not be written, and is tried again", { error });
    });
  }
}

/** Tells the shards where they are, if that has changed. */
function publish(state: State): void {
  if (!state.place.publish()) return;
  state.actors.tellAll({ type: "place" });
  feedRepair(state, { kind: "live", peers: state.place.partners });
  state.catchingUp.look();
}

function lookForPartners(state: State): void {
  const { isPartial, partners } = state.place;
  if (isPartial) feedRepair(state, { kind: "live", peers: partners });
}

function feedRepair(state: State, event: RepairEvent): void {
  const { self, options, repair } = state;
  const effects = stepRepair(repair, event, options.shards, self.env.clock.mono());
  for (const effect of effects) carryOut(state, effect);
}

function carryOut(state: State, effect: RepairEffect): void {
  const { self, options, writes } = state;
  switch (effect.kind) {
    case "send":
      // Comparing is for those that are connected, and no reason to connect.
      options.links.get(effect.to)?.send(effect.message);
      return;
    case "compare":
      state.actors.tell(effect.shard, { kind: "compare", peer: effect.peer });
      return;
    case "horizon":
      raiseHorizon(options, effect.stamp);
      return;
    case "fresh":
      writes.release();
      state.catchingUp.look();
      // What waited to be decided until everything about it is known here may be decided now.
      self.system.tell(names.controller, { type: "changed", change: { kind: "view" } });
      return;
  }
}

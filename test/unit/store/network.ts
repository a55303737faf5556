/**
 * Several nodes that hold one shard, and the messages between them, stepped by hand: nothing happens
 * by itself. Flushes end at once unless the disk is held; what is sent is delivered in order for each
 * pair of nodes, unless it is lost.
 */
import type { MobError } from "../../../src/core/errors.ts";
import { asNodeId, type NodeId } from "../../../src/core/ids.ts";
import { homesOf } from "../../../src/ring/homes.ts";
import type { ShardId } from "../../../src/ring/ranking.ts";
import type { RepairEvent, RepairMessage } from "../../../src/store/comparing.ts";
import { emptyRoot, rootOf } from "../../../src/store/digest.ts";
import { newerStamp, type Stamp } from "../../../src/store/hlc.ts";
import { shardOfKey } from "../../../src/store/key-shard.ts";
import type { Register } from "../../../src/store/register.ts";
import {
  hasMetAll,
  isFresh,
  type RepairState,
  startRepair,
  stepRepair,
} from "../../../src/store/repair.ts";
import { openReplica } from "../../../src/store/replica.ts";
import type {
  Now,
  ReplicationEffect,
  ReplicationEvent,
  ReplicationState,
  ShardMessage,
} from "../../../src/store/replication.ts";
import { startReplication, stepReplication } from "../../../src/store/shard.ts";
import { sendsOf } from "../../../src/store/spreading.ts";
import { answerOf } from "../../../src/store/writing.ts";

type Flush = Extract<ReplicationEffect, { readonly kind: "flush" | "acknowledge" }>;

interface Send {
  readonly to: NodeId;
  readonly message: ShardMessage | RepairMessage;
}

export const nodeId = (n: number): NodeId => asNodeId(n.toString(16).padStart(32, "0"));

/** The shard of the keys that the tests use: those without a second part, and of the group "". */
export const shard: ShardId = shardOfKey("k");

export class StoreNode {
  readonly id: NodeId;
  state: ReplicationState;
  repair: RepairState;
  /** What the outside was told: all effects but sends, flushes and puts. */
  readonly told: ReplicationEffect[] = [];
  readonly disk = new Map<string, Register>();
  /** On the disk as well. */
  horizon: Stamp | undefined;
  readonly outbox: Send[] = [];
  /** Flushes asked for while the disk is held. */
  readonly flushes: Flush[] = [];
  isDiskHeld = false;
  readonly #network: StoreNetwork;

  constructor(network: StoreNetwork, n: number) {
    this.id = nodeId(n);
    this.#network = network;
    this.state = startReplication(openReplica(shard, this.id, []));
    this.repair = startRepair(network.now.monoMs);
  }

  feed(event: ReplicationEvent): void {
    for (const effect of stepReplication(this.state, event, this.#network.now).effects) {
      if (effect.kind === "send") this.outbox.push(effect);
      else if (effect.kind === "spread") {
        const isConnected = (to: NodeId) => this.#network.isConnected(this.id, to);
        this.outbox.push(...sendsOf(effect, this.state.place, this.id, isConnected));
      } else if (effect.kind === "flush" || effect.kind === "acknowledge") this.#flush(effect);
      else if (effect.kind === "persist") {
        for (const register of effect.registers) this.disk.set(register.key, register);
      } else if (effect.kind === "forget") {
        for (const key of effect.keys) this.disk.delete(key);
        this.#raiseHorizon(effect.horizon);
      } else this.told.push(effect);
      if (effect.kind === "compared") this.feedRepair({ ...effect, shard });
    }
  }

  feedRepair(event: RepairEvent): void {
    const { monoMs } = this.#network.now;
    const held = { roots: this.#roots(), horizon: this.horizon };
    for (const effect of stepRepair(this.repair, event, held, monoMs)) {
      if (effect.kind === "send") this.outbox.push(effect);
      else if (effect.kind === "compare") this.feed({ kind: "compare", peer: effect.peer });
      else if (effect.kind === "horizon") this.#raiseHorizon(effect.stamp);
    }
  }

  receive(from: NodeId, message: Send["message"]): void {
    if (message.kind === "store-digest" || message.kind === "store-roots") {
      this.feedRepair({ kind: "received", from, message });
    } else this.feed({ kind: "received", from, message });
  }

  write(key: string, value: unknown, id = 0): void {
    this.feed({ kind: "write", id, entries: [{ key, value }] });
  }

  get root(): string {
    return rootOf(this.state.replica.digest);
  }

  get isFresh(): boolean {
    return isFresh(this.repair, shard, this.#network.now.monoMs);
  }

  /** What the node shows of what it holds is all there is, up to this. */
  get knownHorizon(): Stamp | undefined {
    const { live, known } = this.state.place;
    return hasMetAll(this.repair) && live.length + 1 === known ? this.horizon : undefined;
  }

  /** The same node after a crash: what it had put (all of it was flushed) and nothing else. */
  restart(): void {
    this.state = startReplication(openReplica(shard, this.id, this.disk.values()));
    this.repair = startRepair(this.#network.now.monoMs);
    this.outbox.length = 0;
  }

  toldOf<Kind extends ReplicationEffect["kind"]>(kind: Kind) {
    return this.told.filter(
      (effect): effect is Extract<ReplicationEffect, { kind: Kind }> => effect.kind === kind,
    );
  }

  #raiseHorizon(stamp: Stamp | undefined): void {
    const { horizon } = this;
    if (stamp !== undefined) this.horizon = horizon ? newerStamp(horizon, stamp) : stamp;
  }

  #roots(): ReadonlyMap<ShardId, string> {
    return new Map(this.root === emptyRoot ? [] : [[shard, this.root]]);
  }

  /** All that was put is on disk, as `flush` asked for. */
  flushed(flush: Flush): void {
    if (flush.kind === "flush") this.feed({ kind: "flushed", purpose: flush.purpose });
    else this.outbox.push({ to: flush.to, message: answerOf(shard, flush.stamp, undefined) });
  }

  flushFailed(flush: Flush, error: MobError): void {
    if (flush.kind === "flush") {
      this.feed({ kind: "flush-failed", purpose: flush.purpose, error });
    } else this.outbox.push({ to: flush.to, message: answerOf(shard, flush.stamp, error.message) });
  }

  #flush(flush: Flush): void {
    if (this.isDiskHeld) this.flushes.push(flush);
    else this.flushed(flush);
  }
}

export class StoreNetwork {
  now: Now = { monoMs: 0, wallMs: 1_000_000 };
  readonly nodes: readonly StoreNode[];
  /** Pairs "from to" over which nothing gets through. */
  readonly cut = new Set<string>();
  /** Whether two nodes are connected with each other, cut or not. */
  isConnected: (a: NodeId, b: NodeId) => boolean = () => true;
  #draws = 0;

  constructor(size: number) {
    this.nodes = Array.from({ length: size }, (_, n) => new StoreNode(this, n));
    this.meet();
    this.settle();
  }

  node(n: number): StoreNode {
    const node = this.nodes[n];
    if (node === undefined) throw new RangeError(`no node ${n}`);
    return node;
  }

  /** Every node sees all others as live. */
  meet(): void {
    for (const node of this.nodes) this.see(node, () => true);
  }

  /** `node` sees those as live for whom `isLive` holds; itself always. */
  see(node: StoreNode, isLive: (n: number) => boolean): void {
    const ring = this.nodes.map(({ id }, n) => ({ id, isLive: id === node.id || isLive(n) }));
    const live = ring.filter((one) => one.isLive && one.id !== node.id).map(({ id }) => id);
    const place = { ...homesOf(shard, ring), live, known: ring.length };
    node.feed({ kind: "place", place });
    node.feedRepair({ kind: "live", peers: live });
  }

  /** The node that writes for the shard while all live. */
  get writer(): StoreNode {
    const first = this.node(0).state.place.acting[0];
    return this.nodes.find(({ id }) => id === first) ?? this.node(0);
  }

  /** Splits the nodes in two; each side sees the other as dead. */
  partition(sideOf: (n: number) => boolean): void {
    this.nodes.forEach((node, n) => {
      this.see(node, (m) => sideOf(m) === sideOf(n));
      this.nodes.forEach((other, m) => {
        if (sideOf(m) !== sideOf(n)) this.cut.add(`${node.id} ${other.id}`);
      });
    });
  }

  heal(): void {
    this.cut.clear();
    this.meet();
    for (const node of this.nodes) {
      for (const { id } of this.nodes) {
        if (id === node.id) continue;
        node.feed({ kind: "peer-up", peer: id });
        node.feedRepair({ kind: "peer-up", peer: id });
      }
    }
  }

  /** Delivers what was sent, and what follows from it, until nothing is on its way. */
  settle(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (const node of this.nodes) busy = this.deliver(node) || busy;
    }
  }

  /** Delivers the oldest message of one node, if it has any. */
  deliver(from: StoreNode): boolean {
    const send = from.outbox.shift();
    if (send === undefined) return false;
    const to = this.nodes.find(({ id }) => id === send.to);
    if (to !== undefined && !this.cut.has(`${from.id} ${to.id}`)) to.receive(from.id, send.message);
    return true;
  }

  /** Lets time pass in which no one does anything. */
  wait(ms: number): void {
    this.now = { monoMs: this.now.monoMs + ms, wallMs: this.now.wallMs + ms };
  }

  /** Lets time pass, with the ticks that are due. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.now = { monoMs: this.now.monoMs + 1_000, wallMs: this.now.wallMs + 1_000 };
      for (const node of this.nodes) {
        node.feed({ kind: "tick" });
        node.feedRepair({ kind: "tick", draw: (this.#draws++ * 0.618) % 1 });
      }
      this.settle();
    }
  }
}

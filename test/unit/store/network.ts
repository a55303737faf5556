/**
 * Several replicas and the messages between them, stepped by hand: nothing happens by itself. Flushes
 * end at once; what is sent is delivered in order for each pair of nodes, unless it is lost.
 */
import { asNodeId, type NodeId } from "../../../src/core/ids.ts";
import type { Register } from "../../../src/store/register.ts";
import { openReplica } from "../../../src/store/replica.ts";
import {
  type FlushPurpose,
  type Now,
  type ReplicationEffect,
  type ReplicationEvent,
  type ReplicationState,
  startReplication,
  stepReplication,
} from "../../../src/store/replication.ts";

type Send = Extract<ReplicationEffect, { kind: "send" }>;

export const nodeId = (n: number): NodeId => asNodeId(n.toString(16).padStart(32, "0"));

export class StoreNode {
  readonly id: NodeId;
  state: ReplicationState;
  /** What the outside was told: all effects but sends, flushes and puts. */
  readonly told: ReplicationEffect[] = [];
  readonly disk = new Map<string, Register>();
  readonly outbox: Send[] = [];
  /** Flushes asked for while the disk is held. */
  readonly flushes: FlushPurpose[] = [];
  isDiskHeld = false;
  readonly #network: StoreNetwork;

  constructor(network: StoreNetwork, n: number) {
    this.id = nodeId(n);
    this.#network = network;
    this.state = startReplication(openReplica(this.id, []), network.now);
  }

  feed(event: ReplicationEvent): void {
    for (const effect of stepReplication(this.state, event, this.#network.now).effects) {
      if (effect.kind === "send") this.outbox.push(effect);
      else if (effect.kind === "flush") this.#flush(effect.purpose);
      else if (effect.kind === "persist") {
        for (const register of effect.registers) this.disk.set(register.key, register);
      } else this.told.push(effect);
    }
  }

  write(key: string, value: unknown, id = 0): void {
    this.feed({ kind: "write", id, entries: [{ key, value }] });
  }

  /** The same node after a crash: what it had put (all of it was flushed) and nothing else. */
  restart(): void {
    this.state = startReplication(openReplica(this.id, this.disk.values()), this.#network.now);
    this.outbox.length = 0;
  }

  toldOf<Kind extends ReplicationEffect["kind"]>(kind: Kind) {
    return this.told.filter(
      (effect): effect is Extract<ReplicationEffect, { kind: Kind }> => effect.kind === kind,
    );
  }

  #flush(purpose: FlushPurpose): void {
    if (this.isDiskHeld) this.flushes.push(purpose);
    else this.feed({ kind: "flushed", purpose });
  }
}

export class StoreNetwork {
  now: Now = { monoMs: 0, wallMs: 1_000_000 };
  readonly nodes: readonly StoreNode[];
  /** Pairs "from to" over which nothing gets through. */
  readonly cut = new Set<string>();

  constructor(size: number) {
    this.nodes = Array.from({ length: size }, (_, n) => new StoreNode(this, n));
    this.meet();
  }

  node(n: number): StoreNode {
    const node = this.nodes[n];
    if (node === undefined) throw new RangeError(`no node ${n}`);
    return node;
  }

  /** Every node sees all others as live. */
  meet(): void {
    for (const node of this.nodes) {
      const live = this.nodes.map(({ id }) => id).filter((id) => id !== node.id);
      node.feed({ kind: "peers", live, known: this.nodes.length });
    }
  }

  /** Splits the nodes in two; each side sees the other as dead. */
  partition(sideOf: (n: number) => boolean): void {
    this.nodes.forEach((node, n) => {
      const side = this.nodes.filter((_, m) => sideOf(m) === sideOf(n) && m !== n);
      node.feed({ kind: "peers", live: side.map(({ id }) => id), known: this.nodes.length });
      this.nodes.forEach((other, m) => {
        if (sideOf(m) !== sideOf(n)) this.cut.add(`${node.id} ${other.id}`);
      });
    });
  }

  heal(): void {
    this.cut.clear();
    this.meet();
    for (const node of this.nodes) {
      for (const { id } of this.nodes) if (id !== node.id) node.feed({ kind: "peer-up", peer: id });
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
    if (to !== undefined && !this.cut.has(`${from.id} ${to.id}`)) {
      to.feed({ kind: "received", from: from.id, message: send.message });
    }
    return true;
  }

  /** Lets time pass, with the ticks that are due. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.now = { monoMs: this.now.monoMs + 1_000, wallMs: this.now.wallMs + 1_000 };
      for (const node of this.nodes) node.feed({ kind: "tick" });
      this.settle();
    }
  }
}

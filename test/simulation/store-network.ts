/**
 * The store of many nodes on virtual time, and nothing else of them: the real actors of store and
 * shards, over links that carry messages whole, with a disk each. Counts how often each shard of each
 * node is read, and the messages between nodes.
 */
import assert from "node:assert/strict";
import { Catalog } from "../../src/actors/catalog.ts";
import { Durability } from "../../src/actors/durability.ts";
import { type Link, Links } from "../../src/actors/links.ts";
import { names } from "../../src/actors/names.ts";
import { Records } from "../../src/actors/records.ts";
import { ShardMap } from "../../src/actors/shard-map.ts";
import { store } from "../../src/actors/store.ts";
import type { StoreProtocol } from "../../src/actors/store-protocol.ts";
import type { NodeId } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import type { View } from "../../src/membership/view.ts";
import type { ActorSystem } from "../../src/otp/actor-system.ts";
import type { ActorDefinition } from "../../src/otp/definition.ts";
import { dynamicSupervisor } from "../../src/otp/dynamic-supervisor.ts";
import type { RemoteFrame } from "../../src/otp/remote.ts";
import { supervisor } from "../../src/otp/supervisor.ts";
import { createSystem } from "../../src/otp/system.ts";
import { worker } from "../../src/otp/worker.ts";
import type { ShardId } from "../../src/ring/ranking.ts";
import { flushMsUsual } from "../../src/simulator/machine.ts";
import { idOf } from "../../src/simulator/member-host.ts";
import { type Owner, Scheduler } from "../../src/simulator/scheduler.ts";
import { Trace } from "../../src/simulator/trace.ts";
import { VirtualClock } from "../../src/simulator/virtual-clock.ts";
import { VirtualDisk } from "../../src/simulator/virtual-disk.ts";
import { seededRandom, virtualEnv } from "../../src/simulator/virtual-env.ts";
import { runUntil } from "../../src/simulator/virtual-time.ts";
import type { Replica } from "../../src/store/replica.ts";
import type { Entry, Receipt } from "../../src/store/replication.ts";
import type { Message } from "../../src/wire/messages.ts";

/** What a message takes, in virtual ms. */
const delayMs = 1;
/** Virtual ms after which what was asked counts as hung. */
const longestMs = 120_000;
/** As in `supervisors/peer.ts`: bursts of a large network fit. */
const mailboxMax = 100_000;

export interface StoreNode {
  readonly system: ActorSystem;
  readonly records: CountedRecords;
  readonly owner: Owner;
  /** Of its actors. */
  readonly tree: ActorDefinition;
}

/** Who reads services from the catalog is not here, so no record is parsed for it. */
class ViewAlone extends Catalog {
  override apply(): void {}
}

/** Counts the readings of each shard. */
class CountedRecords extends Records {
  readonly reads = new Map<ShardId, number>();

  override open(replica: Replica): void {
    super.open(replica);
    const { shard, registers } = replica;
    const values = registers.values.bind(registers);
    registers.values = () => {
      this.reads.set(shard, (this.reads.get(shard) ?? 0) + 1);
      return values();
    };
  }
}

export class StoreNetwork {
  readonly nodes: readonly StoreNode[];
  /** Messages from node to node so far. */
  sent = 0;
  readonly #scheduler = new Scheduler();
  readonly #trace = new Trace();

  /** Nodes that know each other and are connected with each other; none has begun. */
  constructor(size: number) {
    const ids = Array.from({ length: size }, (_, number) => idOf(number)).sort();
    const members = ids.map((id) => ({
      id,
      name: id,
      address: `${id}:6666`,
      incarnation: 1,
      state: "alive" as const,
      facts: { providers: [], labels: {}, version: "0" },
    }));
    const nodes = members.map((member) => this.#compose(member, { version: 1, members }));
    this.nodes = nodes.map(({ node }) => node);
    for (const { node: from, links } of nodes) {
      for (const { node: to } of nodes) if (from !== to) links.open(this.#link(from, to));
    }
  }

  async start(): Promise<void> {
    for (const { system, tree } of this.nodes) {
      await this.#until(() => system.start(tree, { id: "store" }));
    }
  }

  /** Asks the first node; resolves once a majority of each shard's homes has it on disk. */
  write(entries: readonly Entry[]): Promise<Receipt> {
    const [first] = this.nodes;
    assert.ok(first !== undefined);
    const { system } = first;
    return this.#until(() =>
      system.call<StoreProtocol, "write">(names.store, "write", { entries }),
    );
  }

  async run(ms: number): Promise<void> {
    await runUntil(this.#scheduler, this.#scheduler.now + ms);
  }

  /** Begins something, and lets time go on until it is done. */
  async #until<T>(begin: () => Promise<T>): Promise<T> {
    const scheduler = this.#scheduler;
    let asked: Promise<T> | undefined;
    let isSettled = false;
    scheduler.after(0, () => {
      asked = begin();
      const settled = () => {
        isSettled = true;
      };
      asked.then(settled, settled);
    });
    await runUntil(scheduler, scheduler.now + longestMs, () => isSettled);
    assert.ok(isSettled && asked !== undefined, "it never ended");
    return asked;
  }

  #compose({ id }: View["members"][number], view: View) {
    const scheduler = this.#scheduler;
    const owner: Owner = { name: id, dead: false };
    const clock = new VirtualClock(scheduler);
    const seed = 1;
    const env = virtualEnv({ scheduler, owner, clock, seed, trace: this.#trace });
    const links = new Links(() => undefined);
    const system = createSystem({ node: id, boot: 1, env, remote: links });
    const random = seededRandom(seed, `disk/${id}`);
    const disk = new VirtualDisk({ scheduler, random, flushMsMax: flushMsUsual });
    const storage = disk.open(owner);
    const catalog = new ViewAlone(id, silentLog);
    catalog.publishView(view);
    const shards = new ShardMap(id, false);
    const records = new CountedRecords(shards, clock);
    const durability = new Durability(storage, silentLog);
    const options = { node: id, storage, durability, links, catalog, shards, records };
    const tree = supervisor({
      strategy: "rest_for_one",
      children: [
        { id: "shards", start: dynamicSupervisor({ name: names.shards }) },
        {
          id: "store",
          start: worker({ name: names.store, mailboxMax, behaviour: () => store(options) }),
        },
      ],
    });
    return { node: { system, records, owner, tree }, links };
  }

  #link(from: StoreNode, to: StoreNode): Link {
    const peer = to.system.node;
    return {
      peer,
      established: { dialer: peer, boot: 1 },
      sinceMs: 0,
      isOpen: true,
      uses: 0,
      send: (message) => {
        this.sent++;
        const arrive = () => receive(to.system, from.system.node, message);
        this.#scheduler.after(delayMs, arrive, to.owner);
        return true;
      },
      close: () => {},
    };
  }
}

/** As a connection gives what has come to whom it is for. */
function receive(system: ActorSystem, from: NodeId, message: Message): void {
  switch (message.kind) {
    case "call":
    case "cast":
    case "reply":
    case "monitor":
    case "demonitor":
    case "down":
      system.receive(from, message as RemoteFrame);
      return;
    default:
      system.tell(names.store, { type: "received", from, message });
  }
}

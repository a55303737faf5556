/**
 * One life of a real node as it shows itself to users: its watch and its list of nodes, put into the same
 * catalog that the node has inside, so that what reads the one can read the other.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Catalog } from "../../../src/actors/catalog.ts";
import type { InstanceView, NodeView } from "../../../src/api/shapes.ts";
import type { ServiceChange } from "../../../src/api/watch-shapes.ts";
import { type Client, createClient } from "../../../src/client/client.ts";
import { ToldChanges } from "../../../src/client/told-changes.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { ShownNode } from "../../../src/simulator/invariants/scene.ts";
import { parseStamp } from "../../../src/store/hlc.ts";
import type { LanNode } from "../../support/lan/lan-node.ts";

/** Between two looks at its list of nodes. */
const lookEveryMs = 200;
/** A node may stand still for half a minute, and then be asked by everyone. */
const readTimeoutMs = 60_000;
/** What a user waits for an outcome. */
const writeTimeoutMs = 30_000;

export interface FollowedOptions {
  readonly node: LanNode;
  readonly id: string;
  readonly boot: number;
  /** Told before each question, and of the returned function when the answer is there. */
  readonly asking: () => () => void;
}

export class FollowedNode implements ShownNode {
  readonly system: { readonly node: string; readonly boot: number };
  readonly catalog: Catalog;
  readonly client: Client;
  readonly told = new ToldChanges();
  readonly #options: FollowedOptions;
  readonly #over = new AbortController();
  #version = 0;
  #nodes = "";
  #ended: Promise<unknown> = Promise.resolve();

  constructor(options: FollowedOptions) {
    const { node, id, boot } = options;
    this.#options = options;
    this.system = { node: id, boot };
    this.catalog = new Catalog(asNodeId(id), silentLog);
    this.client = createClient(node.endpoint, { readTimeoutMs, writeTimeoutMs });
  }

  begin(): void {
    this.#ended = Promise.all([this.#goOn(() => this.#watch()), this.#goOn(() => this.#look())]);
  }

  /** What is asked now is answered with an error at once. */
  async end(): Promise<void> {
    this.#over.abort();
    this.client.close();
    await this.#ended;
  }

  services(): Promise<readonly InstanceView[]> {
    return this.client.services();
  }

  /** Again and again, as long as the node lives; it may not answer for a while. */
  async #goOn(ask: () => Promise<void>): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await ask().catch(() => {}); // It has ended, or stood still for long: what it shows then counts.
      await delay(lookEveryMs, undefined, { signal }).catch(() => {});
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#over;
    for await (const changes of await this.client.watch({ told: this.told.list() }, signal)) {
      this.told.take(changes);
      this.catalog.apply(changes.flatMap(registerOf));
    }
  }

  async #look(): Promise<void> {
    const answered = this.#options.asking();
    try {
      const nodes = await this.client.nodes();
      const text = JSON.stringify(nodes.map(({ id, state }) => [id, state]));
      if (text === this.#nodes || this.#over.signal.aborted) return;
      this.#nodes = text;
      this.catalog.publishView({ version: ++this.#version, members: nodes.map(memberOf) });
    } finally {
      answered();
    }
  }
}

/** Of a spec, as the store has it; of the other records less is told. */
function registerOf({ key, stamp: text, kind, name, uid, spec, generation }: ServiceChange) {
  const stamp = parseStamp(text);
  if (kind !== "spec" || stamp === undefined) return [];
  const value = spec === undefined ? {} : { value: { name, uid, spec, generation } };
  return [{ key, stamp, seen: [], ...value }];
}

function memberOf({ id, name, address, state, version, labels }: NodeView) {
  const facts = { providers: [], labels, version };
  return { id: asNodeId(id), name, address, state, facts, incarnation: 0 };
}

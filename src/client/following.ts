/**
 * A watch that outlives the node that it goes through: what was told of each key is kept here, and
 * another node of the same network, or the same one when it is back, is given it to go on from. No
 * change is told twice, and none is missed that is not replaced by a later one meanwhile.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { NodeView } from "../api/shapes.ts";
import type { ServiceChange } from "../api/watch-shapes.ts";
import { MobError, messageOf, Unreachable } from "../core/errors.ts";
import { type Client, createClient } from "./client.ts";
import { addressText, type Endpoint } from "./endpoint.ts";
import { ToldChanges } from "./told-changes.ts";

export interface FollowOptions {
  /** Default: all. */
  readonly services?: readonly string[];
  /** The node to begin with. */
  readonly endpoint: Endpoint;
  /** How the node of an address is asked from here; undefined: it cannot be. */
  readonly reach: (address: string) => Endpoint | undefined;
  /** The watch goes through another node, or through the same one anew; `why` it had to. */
  readonly onMoved?: (to: string, why: string) => void;
  /** How long no node at all may be reached; default 60,000 ms. */
  readonly giveUpMs?: number;
}

/** Pause after all nodes were tried. */
const againMs = 500;
/** Time between two looks at which nodes there are, while a watch goes on. */
const lookMs = 30_000;
/** A node that is to be tried next answers who it is within this. */
const askMsMax = 5_000;

/** Until `signal`. @throws what a node refuses it with; Unreachable when none is left */
export async function* followChanges(
  options: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly ServiceChange[]> {
  const following = new Following(options, signal);
  let why: string | undefined;
  for (;;) {
    const through = await following.next(why);
    if (through === undefined) return;
    try {
      yield* following.changes(through);
      why = `the node at ${through.address} has ended it`;
    } catch (error) {
      if (!isPassing(error)) throw error;
      why = messageOf(error);
    } finally {
      through.close();
    }
    if (signal.aborted) return;
  }
}

class Following {
  readonly #options: FollowOptions;
  readonly #signal: AbortSignal;
  readonly #told = new ToldChanges();
  /** As last heard: who belongs to the network, and where. */
  #nodes: readonly NodeView[] = [];
  #current: Endpoint;

  constructor(options: FollowOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#current = options.endpoint;
  }

  /** A node through which the watch can go on; undefined: no one watches any more. */
  async next(why: string | undefined): Promise<Client | undefined> {
    const { giveUpMs = 60_000, onMoved } = this.#options;
    const giveUpAt = performance.now() + giveUpMs;
    for (;;) {
      let last: unknown = new Unreachable("no node can be asked");
      for (const endpoint of why === undefined ? [this.#current] : this.#candidates()) {
        if (this.#signal.aborted) return undefined;
        const client = createClient(endpoint, { readTimeoutMs: askMsMax });
        try {
          await this.#look(client);
          this.#current = endpoint;
          if (why !== undefined) onMoved?.(client.address, why);
          return client;
        } catch (error) {
          client.close();
          if (why === undefined || !isPassing(error)) throw error;
          last = error;
        }
      }
      if (performance.now() > giveUpAt) throw last;
      await delay(againMs, undefined, { signal: this.#signal }).catch(() => {}); // Aborted: seen above.
    }
  }

  async *changes(client: Client): AsyncGenerator<readonly ServiceChange[]> {
    const { services } = this.#options;
    const wish = { ...(services !== undefined && { services }), told: this.#told.list() };
    // A node that cannot be asked who there is ends the watch too: there it is told.
    const looking = setInterval(() => void this.#look(client).catch(() => {}), lookMs);
    try {
      for await (const changes of await client.watch(wish, this.#signal)) {
        this.#told.take(changes);
        yield changes;
      }
    } finally {
      clearInterval(looking);
    }
  }

  /** Who there is. @throws Unreachable for a node of another network, which has that address by now */
  async #look(client: Client): Promise<void> {
    const nodes = await client.nodes();
    const known = new Set(this.#nodes.map(({ id }) => id));
    if (known.size > 0 && !nodes.some(({ id }) => known.has(id))) {
      throw new Unreachable(`the node at ${client.address} is of another network`);
    }
    this.#nodes = nodes;
  }

  /** The others first, those that were alive before those that were not; then the same one again. */
  #candidates(): readonly Endpoint[] {
    const here = addressText(this.#current);
    const reached = this.#nodes
      .filter(({ state }) => state !== "left")
      .toSorted((a, b) => Number(b.state === "alive") - Number(a.state === "alive"))
      .map(({ address }) => this.#options.reach(address))
      .filter((endpoint) => endpoint !== undefined);
    const others = reached.filter((endpoint) => addressText(endpoint) !== here);
    return [...others, this.#current];
  }
}

/** Whether another node may do, or the same one later. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof MobError)) return false;
  return error.retryable || error.code === "unavailable" || error.code === "internal";
}

/**
 * This node's ring, by its view of the members and by how long they are gone: where the shards are, and with whom this
 * node compares what it holds. It has the shard map told whenever that changes.
 */
import type { Clock } from "../core/env.ts";
import type { NodeId } from "../core/ids.ts";
import type { Cancel } from "../otp/gen-server.ts";
import { isSameRing, type RingNode } from "../ring/homes.ts";
import { type Roster, stepRoster } from "../ring/roster.ts";
import type { Catalog } from "./catalog.ts";
import type { Links } from "./links.ts";
import { ringNode } from "./ownership.ts";
import type { ShardMap } from "./shard-map.ts";

export interface RingPlaceOptions {
  readonly node: NodeId;
  readonly catalog: Pick<Catalog, "view">;
  readonly links: Pick<Links, "isConnected">;
  readonly shards: ShardMap;
  readonly clock: Pick<Clock, "mono">;
  /** Has `publish` called in so many ms: a node that is gone loses its place then. */
  readonly publishIn: (ms: number) => Cancel;
}

export class RingPlace {
  readonly #options: RingPlaceOptions;
  #roster: Roster = new Map();
  #cancel: Cancel = () => {};
  /** As last published, to see whether it changed. */
  #published: { readonly ring: readonly RingNode[]; readonly known: number } = {
    ring: [],
    known: 0,
  };

  constructor(options: RingPlaceOptions) {
    this.#options = options;
  }

  /** Looks at the view anew. Whether what follows from it has changed. */
  publish(): boolean {
    const { catalog, shards, node, clock, publishIn } = this.#options;
    const members = catalog.view.members.filter((member) => member.state !== "left").map(ringNode);
    const known = members.length > 0 ? members : [{ id: node, isLive: true }];
    const { roster, ring, dueInMs } = stepRoster(this.#roster, known, clock.mono());
    this.#roster = roster;
    this.#cancel();
    if (dueInMs !== undefined) this.#cancel = publishIn(dueInMs);
    const { known: before, ring: ringBefore } = this.#published;
    if (known.length === before && isSameRing(ring, ringBefore)) return false;
    this.#published = { ring, known: known.length };
    const live = known.filter(({ id, isLive: lives }) => lives && id !== node).map(({ id }) => id);
    shards.publish(ring, live, known.length);
    return true;
  }

  /** Whom this node compares what it holds with: those that it is connected with, where that is not everyone. */
  get partners(): readonly NodeId[] {
    const { shards, links } = this.#options;
    return this.isPartial ? shards.live.filter((peer) => links.isConnected(peer)) : shards.live;
  }

  /** Not everyone is a partner: they come and go with their connections, of which no view tells. */
  get isPartial(): boolean {
    return this.#options.catalog.view.isPartial === true;
  }
}

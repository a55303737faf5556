/**
 * Watches: one who follows all records, through one node after another, is told each change once and
 * misses none. The watch moves when its node is gone, and now and then for no reason, as users do. It
 * keeps what it was told and nothing of the node.
 */
import type { ComposedNode } from "../../node/compose.ts";
import { recordKinds } from "../../services/keys.ts";
import { compareStamps, stampText } from "../../store/hlc.ts";
import { type Change, toldOf } from "../../store/watching.ts";
import type { Stage } from "../stage.ts";
import { seededRandom } from "../virtual-env.ts";
import type { Invariant, Objection } from "./invariant.ts";

/** What users are told of. Removals are the store's own, and go at a slightly different time on each node. */
const kinds: ReadonlySet<string> = new Set([...recordKinds].filter((kind) => kind !== "removed"));

/** Looks, a second each, after which the watch moves in any case, in the mean. */
const looksInMean = 12;

interface Following {
  readonly node: ComposedNode;
  readonly stop: AbortController;
}

export function watches(stage: Stage, object: Objection): Invariant {
  const random = seededRandom(stage.plan.seed, "watch");
  /** The last change of each key. */
  const told = new Map<string, Change>();
  let following: Following | undefined;

  function take(change: Change): void {
    const before = told.get(change.key);
    told.set(change.key, change);
    if (before === undefined || compareStamps(change.stamp, before.stamp) > 0) return;
    // A removal that is known only by the record's absence has no stamp of its own.
    const isRemoval = before.value !== undefined && change.value === undefined;
    const isSame = compareStamps(change.stamp, before.stamp) === 0;
    if (isRemoval && isSame) return;
    const [is, was] = [stampText(change.stamp), stampText(before.stamp)];
    object(`a watch is told ${change.key} of ${is} after that of ${was}`);
  }

  async function follow({ node, stop }: Following): Promise<void> {
    const before = [...told.values()].map(toldOf);
    for await (const changes of node.records.watch({ kinds }, before, stop.signal)) {
      // What a node that is gone had yet to say does not arrive.
      if (!stop.signal.aborted) for (const change of changes) take(change);
    }
  }

  function move(): void {
    following?.stop.abort();
    following = undefined;
    const nodes = stage.machines.map((machine) => stage.node(machine));
    const up = nodes.filter((node) => node !== undefined);
    const node = up[Math.floor(random() * up.length)];
    if (node === undefined) return;
    following = { node, stop: new AbortController() };
    follow(following).catch((error: unknown) => object(`a watch failed: ${String(error)}`));
  }

  function lookForMissed(machine: string, { records }: ComposedNode): void {
    for (const { key, stamp } of records.list({ kinds })) {
      const last = told.get(key);
      if (last !== undefined && compareStamps(last.stamp, stamp) >= 0) continue;
      object(`a watch was not told of ${key}, of ${stampText(stamp)}, which ${machine} holds`);
    }
  }

  return {
    number: 1,
    each() {
      const isGone = stage.machines.every((machine) => stage.node(machine) !== following?.node);
      if (isGone || random() < 1 / looksInMean) move();
    },
    atEnd() {
      for (const machine of stage.machines) {
        const node = stage.node(machine);
        if (node !== undefined && node === following?.node) lookForMissed(machine, node);
      }
      following?.stop.abort();
    },
  };
}

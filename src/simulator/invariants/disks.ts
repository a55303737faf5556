/**
 * Invariant 1, as far as disks go: an acknowledgement names a majority of those that had to have the
 * write, and each of them has it on its disk; and what a node holds at the end is what it would hold if
 * it started again, so that nothing removed comes back.
 */
import { asServiceName } from "../../core/ids.ts";
import type { ComposedNode } from "../../node/compose.ts";
import { keys, recordKinds } from "../../services/keys.ts";
import type { Stage } from "../stage.ts";
import type { Answer, Wish } from "../wish.ts";
import type { Invariant, Objection } from "./invariant.ts";
import { registersOn } from "./registers-on.ts";
import { compareStampTexts } from "./stamps.ts";

export function disks(stage: Stage, object: Objection): Invariant {
  /** When the disk of a machine was last replaced: what it acknowledged before is void. */
  const replacedAtMs = new Map<string, number>();

  function lookForMajority({ item }: Wish, { acks = [], replicas = 0 }: Answer): void {
    const distinct = new Set(acks).size;
    if (2 * distinct > replicas && distinct === acks.length) return;
    object(`${item.kind} of ${item.name} is acknowledged by ${distinct} of ${replicas} replicas`);
  }

  /** The spec that was deployed, or a later one, is on the disk of all who say so. */
  function lookForFlushed({ item, askedAtMs }: Wish, { acks = [] }: Answer): void {
    if (item.kind !== "deploy") return;
    const key = keys.spec(asServiceName(item.name));
    const stamp = stampOf(item.name, item.version);
    for (const machine of stage.machines) {
      const id = stage.idOf(machine);
      if (id === undefined || !acks.includes(id)) continue;
      if ((replacedAtMs.get(machine) ?? -1) >= askedAtMs) continue;
      const kept = registersOn(stage.simulation.machine(machine).disk.image()).get(key);
      const isKept = kept !== undefined && compareStampTexts(textOf(kept.stamp), stamp) >= 0;
      if (!isKept)
        object(`${machine} acknowledged ${item.name} ${item.version} and has not kept it`);
    }
  }

  /** Of a version, wherever it is still shown; else of the beginning of time. */
  function stampOf(name: string, version: number): string {
    for (const machine of stage.machines) {
      const held = stage.node(machine)?.catalog.group(name);
      const params = held?.record.spec.params as { readonly v?: number } | undefined;
      if (held !== undefined && params?.v === version) return held.stamp;
    }
    return "0.0.";
  }

  function lookForOther(machine: string, { records }: ComposedNode): void {
    const kept = registersOn(stage.simulation.machine(machine).disk.written());
    const all = records.list({ kinds: recordKinds });
    const held = new Map(all.map((change) => [change.key, textOf(change.stamp)]));
    for (const [key, { stamp, value }] of kept) {
      const isSame = value === undefined ? !held.has(key) : held.get(key) === textOf(stamp);
      if (!isSame) object(`${machine} holds another ${key} than there is on its disk`);
    }
    for (const key of held.keys()) {
      if (!kept.has(key)) object(`${machine} holds ${key}, which is not on its disk`);
    }
  }

  return {
    number: 1,
    diskReplaced: (machine) => void replacedAtMs.set(machine, stage.simulation.now),
    answered(wish) {
      const { answer } = wish;
      if (answer?.acks === undefined) return;
      lookForMajority(wish, answer);
      lookForFlushed(wish, answer);
    },
    atEnd() {
      for (const machine of stage.machines) {
        const node = stage.node(machine);
        if (node !== undefined) lookForOther(machine, node);
      }
    },
  };
}

interface StampParts {
  readonly wall: number;
  readonly counter: number;
  readonly origin: string;
}

function textOf({ wall, counter, origin }: StampParts): string {
  return `${wall}.${counter}.${origin}`;
}

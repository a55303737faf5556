/**
 * Invariant 1, as far as disks go: an acknowledgement names a majority of those that had to have the
 * write, and each of them has it on its disk; and what a node holds at the end is what it would hold if
 * it started again, so that nothing removed comes back.
 */
import { asServiceName } from "../../core/ids.ts";
import { keys, recordKinds } from "../../services/keys.ts";
import { parseGroup } from "../../services/record-parsers.ts";
import { losersOf } from "../../store/history.ts";
import { stampText } from "../../store/hlc.ts";
import type { Register } from "../../store/register.ts";
import type { Stage } from "../stage.ts";
import type { DiskImage } from "../virtual-disk.ts";
import type { Answer, Wish } from "../wish.ts";
import type { Invariant, Objection, SceneInvariant } from "./invariant.ts";
import { registersOn } from "./registers-on.ts";
import type { Scene } from "./scene.ts";
import { compareStampTexts } from "./stamps.ts";
import { isSteadyKey } from "./steady.ts";

export function disks(stage: Stage, object: Objection): Invariant {
  return {
    ...flushedAcknowledgements(stage, object),
    atEnd() {
      for (const machine of stage.machines) {
        const node = stage.node(machine);
        if (node === undefined) continue;
        const all = node.records.list({ kinds: recordKinds });
        const held = new Map(all.map((change) => [change.key, stampText(change.stamp)]));
        const written = stage.simulation.machine(machine).disk.written();
        lookForOther(machine, held, written, object);
        const steady = new Map([...held].filter(([key]) => isSteadyKey(key)));
        lookForOther(machine, steady, steadyOf(stage.flushed(machine), written), object);
      }
    },
  };
}

/**
 * Without what is always on its way to the disk; and without what everyone had and forgot a moment ago, a removal or
 * what was left of what it removed: that goes from the disk with the next flush.
 */
function steadyOf(flushed: DiskImage, written: DiskImage): DiskImage {
  const keyOf = (place: string) => place.split("/").slice(2).join("/");
  return new Map([...flushed].filter(([place]) => isSteadyKey(keyOf(place)) && written.has(place)));
}

/** That of each answer, at its moment. */
export function flushedAcknowledgements(scene: Scene, object: Objection): SceneInvariant {
  /** When the disk of a machine was last replaced: what it acknowledged before is void. */
  const replacedAtMs = new Map<string, number>();

  function lookForMajority({ item }: Wish, { acks = [], replicas = 0 }: Answer): void {
    const distinct = new Set(acks).size;
    if (2 * distinct > replicas && distinct === acks.length) return;
    object(`${item.kind} of ${item.name} is acknowledged by ${distinct} of ${replicas} replicas`);
  }

  /** The spec that was deployed, or a later one, is on the disk of all who say so; or there as what lost to a later one. */
  function lookForFlushed({ item, askedAtMs }: Wish, { acks = [] }: Answer): void {
    if (item.kind !== "deploy") return;
    const key = keys.spec(asServiceName(item.name));
    const stamp = stampOf(item.name, item.version);
    for (const machine of scene.machines) {
      const id = scene.idOf(machine);
      if (id === undefined || !acks.includes(id)) continue;
      if ((replacedAtMs.get(machine) ?? -1) >= askedAtMs) continue;
      const kept = registersOn(scene.flushed(machine));
      const current = kept.get(key);
      const isLater =
        current !== undefined && compareStampTexts(stampText(current.stamp), stamp) >= 0;
      if (!isLater && !isAmongLosers(kept, key, item.version))
        object(`${machine} acknowledged ${item.name} ${item.version} and has not kept it`);
    }
  }

  /** A version that lost is shown again, with a stamp that nobody has acknowledged yet, once it is written again. */
  function isAmongLosers(
    registers: ReadonlyMap<string, Register>,
    key: string,
    version: number,
  ): boolean {
    return losersOf(registers, key).some(
      ({ value }) =>
        value !== undefined && scene.versionsIn(parseGroup(value).spec)[0] === String(version),
    );
  }

  /** Of a version, wherever it is still shown; else of the beginning of time. */
  function stampOf(name: string, version: number): string {
    for (const machine of scene.machines) {
      const held = scene.node(machine)?.catalog.group(name);
      if (held === undefined) continue;
      if (scene.versionsIn(held.record.spec)[0] === String(version)) return held.stamp;
    }
    return "0.0.";
  }

  return {
    number: 1,
    diskReplaced: (machine) => void replacedAtMs.set(machine, scene.now),
    answered(wish) {
      const { answer } = wish;
      if (answer?.acks === undefined) return;
      lookForMajority(wish, answer);
      lookForFlushed(wish, answer);
    },
  };
}

/** `held`: what a node holds, stamps by keys. All of it, and nothing else, is on its disk. */
export function lookForOther(
  machine: string,
  held: ReadonlyMap<string, string>,
  disk: DiskImage,
  object: Objection,
): void {
  const kept = registersOn(disk);
  for (const [key, { stamp, value }] of kept) {
    const isSame = value === undefined ? !held.has(key) : held.get(key) === stampText(stamp);
    if (!isSame) object(`${machine} holds another ${key} than there is on its disk`);
  }
  for (const key of held.keys()) {
    if (!kept.has(key)) object(`${machine} holds ${key}, which is not on its disk`);
  }
}

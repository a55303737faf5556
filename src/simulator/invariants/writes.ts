/**
 * Invariant 1: an acknowledged write is not lost while one node named in its `acks` keeps its disk;
 * nothing removed comes back; what a user reads was written whole by one writer.
 */
import type { GroupRecord } from "../../services/records.ts";
import type { Wish } from "../wish.ts";
import type { Objection, SceneInvariant } from "./invariant.ts";
import { type Gone, removedCreation } from "./removed-creation.ts";
import type { Scene, ShownNode } from "./scene.ts";
import { compareStampTexts } from "./stamps.ts";

/** An acknowledged deploy: no replica may fall behind it. */
interface Kept {
  readonly name: string;
  readonly version: number;
  /** Nodes that have it and whose disks were not replaced since. */
  readonly by: Set<string>;
}

interface Written {
  readonly stamp: string;
  readonly uid: string;
}

export function acknowledgedWrites(scene: Scene, object: Objection): SceneInvariant {
  return new Writes(scene, object);
}

class Writes implements SceneInvariant {
  readonly number = 1;
  readonly #scene: Scene;
  readonly #object: Objection;
  readonly #wishes: Wish[] = [];
  readonly #kept: Kept[] = [];
  /** What was seen under a stamp, of a key. */
  readonly #values = new Map<string, string>();
  /** By name and version, as it was first seen anywhere. */
  readonly #written = new Map<string, Written>();
  /** When each node last replaced its disk: what it acknowledged before is void. */
  readonly #lostAtMs = new Map<string, number>();
  /** Creations whose removal a node has acknowledged, by that node. */
  readonly #removed = new Map<string, Set<string>>();
  readonly #gone: Gone[] = [];
  readonly #shown = new Map<string, Map<string, string>>();

  constructor(scene: Scene, object: Objection) {
    this.#scene = scene;
    this.#object = object;
  }

  composed(_machine: string, node: ShownNode): void {
    for (const { record } of node.catalog.groups()) this.#look(node, record.name);
    node.catalog.watch((change) => {
      if (change.kind === "records") for (const name of change.names) this.#look(node, name);
    });
  }

  diskReplaced(machine: string): void {
    const id = this.#idOf(machine);
    if (id === undefined) return;
    this.#lostAtMs.set(id, this.#scene.now);
    for (const { by } of this.#kept) by.delete(id);
    this.#removed.delete(id);
    this.#shown.delete(id);
  }

  asked(wish: Wish): void {
    this.#wishes.push(wish);
  }

  answered(wish: Wish): void {
    const { item, answer, askedAtMs } = wish;
    if (answer?.acks === undefined) return;
    const by = answer.acks.filter((id) => (this.#lostAtMs.get(id) ?? -1) < askedAtMs);
    if (by.length === 0) return;
    if (item.kind === "deploy") {
      this.#kept.push({ name: item.name, version: item.version, by: new Set(by) });
    } else if (item.action === "remove") {
      this.#keepRemoved(wish, by);
    }
  }

  atEnd(): void {
    for (const machine of this.#scene.machines) {
      const node = this.#scene.node(machine);
      if (node === undefined) continue;
      this.#lookForLost(machine, node);
      for (const uids of this.#removed.values()) {
        for (const { record } of node.catalog.groups()) {
          if (uids.has(record.uid))
            this.#object(`${machine}: ${record.name} is back after its removal`);
        }
      }
    }
  }

  #lookForLost(machine: string, node: ShownNode): void {
    for (const { name, version, by } of this.#kept) {
      const written = this.#written.get(`${name}/${version}`);
      if (by.size === 0 || written === undefined) continue;
      const held = node.catalog.group(name);
      if (held === undefined && this.#mayBeRemoved(name, written.uid)) continue;
      if (held !== undefined && compareStampTexts(held.stamp, written.stamp) >= 0) continue;
      const is = held === undefined ? "nothing" : JSON.stringify(held.record.spec);
      this.#object(`${machine}: ${name} ${version} was acknowledged and is lost: there is ${is}`);
    }
  }

  /** Whether anyone asked for a removal while that creation was there. */
  #mayBeRemoved(name: string, uid: string): boolean {
    const versions = [...this.#written].filter(
      ([key, written]) => written.uid === uid && key.startsWith(`${name}/`),
    );
    const of = (wish: Wish) =>
      wish.item.kind === "deploy" && versions.some(([key]) => key === keyOf(wish));
    const since = Math.min(...this.#wishes.filter(of).map(({ askedAtMs }) => askedAtMs));
    return this.#wishes.some(
      ({ item, answer }) =>
        item.kind === "act" &&
        item.action === "remove" &&
        item.name === name &&
        (answer?.atMs ?? Number.POSITIVE_INFINITY) >= since,
    );
  }

  #keepRemoved({ item: { name }, askedAtMs }: Wish, by: readonly string[]): void {
    const uid = removedCreation({ name, askedAtMs, by }, this.#gone);
    if (uid === undefined) return;
    for (const id of by) {
      const uids = this.#removed.get(id) ?? new Set();
      this.#removed.set(id, uids.add(uid));
    }
  }

  #look({ catalog, system }: ShownNode, name: string): void {
    const held = catalog.group(name);
    const id = system.node;
    const shown = this.#shown.get(id) ?? new Map<string, string>();
    this.#shown.set(id, shown);
    const before = shown.get(name);
    if (before !== undefined && before !== held?.record.uid) {
      this.#gone.push({ node: id, name, uid: before, atMs: this.#scene.now });
    }
    if (held === undefined) {
      shown.delete(name);
      return;
    }
    shown.set(name, held.record.uid);
    this.#lookAt(id, held.record, held.stamp);
  }

  #lookAt(id: string, record: GroupRecord, stamp: string): void {
    const { name, uid, spec } = record;
    const text = JSON.stringify(record);
    const first = this.#values.get(`${name} ${stamp}`) ?? text;
    this.#values.set(`${name} ${stamp}`, first);
    if (first !== text)
      this.#object(`${name} reads as ${first} and as ${text}, written at ${stamp}`);
    const [version, other] = this.#scene.versionsIn(spec);
    if (version !== other) this.#object(`${name} is a mix of two: ${text}`);
    const key = `${name}/${version}`;
    if (!this.#wishes.some((wish) => keyOf(wish) === key)) this.#object(`nobody wrote ${text}`);
    const written = this.#written.get(key);
    if (written === undefined) this.#written.set(key, { stamp, uid });
    if (this.#scene.isTold === "at once") this.#holdAgainst(id, record, stamp);
  }

  /** What a node shows at this moment, against all that it has acknowledged. */
  #holdAgainst(id: string, record: GroupRecord, stamp: string): void {
    const { name, uid } = record;
    const text = JSON.stringify(record);
    if (this.#removed.get(id)?.has(uid)) {
      this.#object(`${id} shows ${text} after it acknowledged its removal`);
    }
    for (const kept of this.#kept) {
      if (kept.name !== name || !kept.by.has(id)) continue;
      const acknowledged = this.#written.get(`${name}/${kept.version}`);
      if (acknowledged !== undefined && compareStampTexts(stamp, acknowledged.stamp) < 0) {
        this.#object(`${id} acknowledged ${name} ${kept.version} and shows the older ${text}`);
      }
    }
  }

  #idOf(machine: string): string | undefined {
    return this.#scene.idOf(machine);
  }
}

function keyOf({ item }: Wish): string | undefined {
  return item.kind === "deploy" ? `${item.name}/${item.version}` : undefined;
}

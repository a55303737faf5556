/**
 * Rotations as they happen in a network: several operators at once, news that arrives late and in any
 * order, nodes that go away and come back. The model knows nothing of connections but who is up.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Conflict, NotFound } from "../../../src/core/errors.ts";
import {
  digestOf,
  firstRotation,
  installKey,
  type KeyRotation,
  liveKeys,
  mergeRotations,
  type OtherRing,
  removeKey,
  usedKey,
  useKey,
} from "../../../src/trust/key-rotation.ts";
import { keyOf } from "./rings.ts";

const nodeCount = 4;

type Action =
  | { readonly do: "install" | "down" | "up"; readonly at: number }
  | {
      readonly do: "ask";
      readonly at: number;
      readonly what: "use" | "remove";
      readonly key: number;
    }
  | { readonly do: "act"; readonly which: number }
  | { readonly do: "deliver"; readonly which: number };

const at = fc.nat(nodeCount - 1);
const what = fc.constantFrom("use" as const, "remove" as const);
const key = fc.nat(3);
/** Weighted so that whole rotations come about, and most of the news of them is late. */
const actions: fc.Arbitrary<Action> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("install" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("down" as const, "up" as const), at }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("ask" as const), at, what, key }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("act" as const), which: fc.nat(2) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("deliver" as const), which: fc.nat(9) }) },
);

interface Asked {
  readonly at: number;
  readonly what: "use" | "remove";
  readonly id: string;
  readonly others: readonly (OtherRing & { readonly at: number })[];
}

class Network {
  readonly rings: KeyRotation[] = Array.from({ length: nodeCount }, () => firstRotation(keyOf(1)));
  readonly up = new Set(Array.from({ length: nodeCount }, (_, i) => i));
  /** Nodes that came back after every key that they hold was removed: they need a token. */
  readonly shutOut = new Set<number>();
  readonly #onTheWay: { readonly to: number; readonly ring: KeyRotation }[] = [];
  readonly #asked: Asked[] = [];
  #keys = 1;

  perform(action: Action): void {
    switch (action.do) {
      case "install":
        if (this.up.has(action.at)) {
          this.#keys += 1;
          this.#change(action.at, (ring) => installKey(ring, keyOf(this.#keys)));
        }
        return;
      case "ask":
        if (this.up.has(action.at)) this.#ask(action.at, action.what, action.key);
        return;
      case "act":
        this.#act(action.which);
        return;
      case "deliver": {
        const [news] = this.#onTheWay.splice(action.which % (this.#onTheWay.length || 1), 1);
        if (news !== undefined && this.up.has(news.to)) this.#learn(news.to, news.ring);
        return;
      }
      case "down":
        if (this.up.size > 1) this.up.delete(action.at);
        return;
      case "up":
        this.#comeBack(action.at);
        return;
    }
  }

  /** Everything that is on its way arrives, and everyone comes back. */
  settle(): void {
    for (let i = 0; i < nodeCount; i++) this.#comeBack(i);
    for (let news = this.#onTheWay.pop(); news !== undefined; news = this.#onTheWay.pop()) {
      if (this.up.has(news.to)) this.#learn(news.to, news.ring);
    }
  }

  #ask(who: number, what: "use" | "remove", key: number): void {
    const live = liveKeys(this.#ringOf(who));
    const id = live[key % live.length]?.id ?? "";
    const others = [...this.up]
      .filter((other) => other !== who)
      .map((other) => ({ name: `${other}`, at: other, digest: digestOf(this.#ringOf(other)) }));
    this.#asked.push({ at: who, what, id, others });
  }

  /** What was heard may be old by now; but who is live must have been asked. */
  #act(which: number): void {
    const [asked] = this.#asked.splice(-1 - (which % (this.#asked.length || 1)), 1); // Mostly the last.
    if (asked === undefined || !this.up.has(asked.at)) return;
    const heard = new Set(asked.others.map((other) => other.at));
    if ([...this.up].some((node) => node !== asked.at && !heard.has(node))) return;
    const step = asked.what === "use" ? useKey : removeKey;
    this.#change(asked.at, (ring) => step(ring, asked.id, asked.others));
  }

  #change(who: number, change: (ring: KeyRotation) => KeyRotation): void {
    try {
      this.rings[who] = change(this.#ringOf(who));
    } catch (error) {
      if (error instanceof Conflict || error instanceof NotFound) return;
      throw error;
    }
    this.#tell(who);
  }

  #tell(who: number): void {
    for (const to of this.up) if (to !== who) this.#onTheWay.push({ to, ring: this.#ringOf(who) });
  }

  #learn(who: number, told: KeyRotation): void {
    const merged = mergeRotations(this.#ringOf(who), told);
    const isNews = JSON.stringify(digestOf(merged)) !== JSON.stringify(digestOf(this.#ringOf(who)));
    this.rings[who] = merged;
    if (isNews) this.#tell(who);
  }

  /** It meets everyone who is up and has a key in common; rings are exchanged before anything else. */
  #comeBack(who: number): void {
    if (this.up.has(who)) return;
    const met = [...this.up].filter((other) => shareKey(this.#ringOf(who), this.#ringOf(other)));
    if (met.length === 0) {
      this.shutOut.add(who);
      return;
    }
    this.up.add(who);
    for (const other of met) {
      this.#learn(who, this.#ringOf(other));
      this.#learn(other, this.#ringOf(who));
    }
  }

  #ringOf(who: number): KeyRotation {
    return this.rings[who] ?? new Map();
  }
}

function shareKey(a: KeyRotation, b: KeyRotation): boolean {
  return liveKeys(a).some(({ id }) => liveKeys(b).some((other) => other.id === id));
}

function check(network: Network): void {
  for (const a of network.up) {
    for (const b of network.up) {
      const [ofA = new Map(), ofB = new Map()] = [network.rings[a], network.rings[b]];
      assert.ok(shareKey(ofA, ofB), `nodes ${a} and ${b} have no key in common`);
    }
  }
}

test("whatever the order of steps, news and absences: live nodes share a key, and agree in the end", () => {
  fc.assert(
    fc.property(fc.array(actions, { maxLength: 200, size: "max" }), (all) => {
      const network = new Network();
      for (const action of all) {
        network.perform(action);
        check(network);
      }
      network.settle();
      check(network);
      const [some = 0, ...rest] = network.up;
      const agreed = network.rings[some] ?? new Map();
      for (const other of rest) {
        assert.deepEqual(digestOf(network.rings[other] ?? new Map()), digestOf(agreed));
      }
      assert.equal(usedKey(agreed).isRemoved, false);
    }),
    { numRuns: 500 },
  );
});

test("only who was away from install to remove is shut out", () => {
  const absences: Action[] = [
    { do: "down", at: 3 },
    { do: "install", at: 0 },
    { do: "up", at: 3 },
  ];
  const network = new Network();
  for (const action of absences) network.perform(action);
  assert.equal(network.shutOut.size, 0);
  assert.ok(network.up.has(3));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asServiceName, type ServiceName } from "../../../src/core/ids.ts";
import { type GroupSpec, isGroup } from "../../../src/services/group.ts";
import { membersOf } from "../../../src/services/group-members.ts";
import { parseGroupSpec } from "../../../src/services/group-spec.ts";
import {
  type Supervised,
  type Supervision,
  slotName,
  supervise,
  unsupervised,
} from "../../../src/services/supervision.ts";
import { exits, Otp, startsOf } from "../../support/otp-supervisor.ts";

type Strategy = GroupSpec["strategy"];

function service(name: string, more: object = {}): object {
  return { name, provider: "bash", ...more };
}

function group(strategy: Strategy, services: readonly object[], more: object = {}) {
  const spec = parseGroupSpec({ name: "shop", strategy, services, ...more });
  assert.ok(isGroup(spec));
  return spec;
}

const why = "killed by SIGKILL";

/** A group whose every service does what its supervision says, at once. */
class World {
  supervision: Supervision = unsupervised;
  readonly lives = new Map<string, number>();
  readonly #spec: GroupSpec;
  readonly #slots: number;

  constructor(spec: GroupSpec, slots = 1) {
    this.#spec = spec;
    this.#slots = slots;
  }

  get names(): readonly ServiceName[] {
    return [...membersOf(this.#spec).keys()];
  }

  #instances(ended: readonly string[], kind: "restart" | "failed"): readonly Supervised[] {
    return this.names.flatMap((name) =>
      Array.from({ length: this.#slots }, (_, slot): Supervised => {
        const key = slotName(name, slot);
        const life = this.lives.get(key) ?? 0;
        const instance = { service: name, slot, life };
        return ended.includes(key) ? { ...instance, end: { kind, why } } : instance;
      }),
    );
  }

  /** These ended at once. Returns the slots that are restarted, without the names of shop and the slot 0. */
  end(slots: readonly string[], nowMs = 0, kind: "restart" | "failed" = "restart") {
    const ended = slots.map((slot) => `shop/${slot}`);
    const decided = supervise(
      this.#spec,
      this.supervision,
      this.#instances(ended, kind),
      "1",
      nowMs,
    );
    // Told again before anything of it was carried out: nothing follows.
    const again = supervise(this.#spec, decided, this.#instances(ended, kind), "1", nowMs);
    assert.equal(again, decided);
    this.supervision = decided;
    const restarted = Object.entries(decided.lives).filter(([key, life]) => {
      const before = this.lives.get(key) ?? 0;
      assert.ok(life >= before, "lives only grow");
      this.lives.set(key, life);
      return life > before;
    });
    return restarted.map(([key]) => key.replace(/^shop\//, "").replace(/\/0$/, "")).sort();
  }
}

test("each strategy restarts what it names", () => {
  const abc = ["a", "b", "c"].map((name) => service(name));
  const after = (strategy: Strategy) => new World(group(strategy, abc)).end(["b/0"]);
  assert.deepEqual(after("one_for_all"), ["a", "b", "c"]);
  assert.deepEqual(after("rest_for_one"), ["b", "c"]);
  // Its node does it, and asks no one.
  assert.deepEqual(after("one_for_one"), []);
  const counting = group("one_for_one", abc, { intensity: { restarts: 5, within: "1m" } });
  assert.deepEqual(new World(counting).end(["b/0"]), ["b"]);
});

test("of several instances one_for_one restarts the one that ended, the others all of a service", () => {
  const two = [service("a"), service("b")];
  const intensity = { restarts: 5, within: "1m" };
  const one = new World(group("one_for_one", two, { intensity }), 2);
  assert.deepEqual(one.end(["a/1"]), ["a/1"]);
  const all = new World(group("rest_for_one", two), 2);
  assert.deepEqual(all.end(["a/1"]), ["a", "a/1", "b", "b/1"]);
});

test("what ends together with what takes it along is restarted once, and counted once", () => {
  const intensity = { restarts: 1, within: "1m" };
  const world = new World(group("one_for_all", [service("a"), service("b")], { intensity }));
  assert.deepEqual(world.end(["a/0", "b/0"]), ["a", "b"]);
  assert.equal(world.supervision.failure, undefined);
  assert.deepEqual([...world.lives.values()], [1, 1]);
});

test("one restart too many, and the group fails and says why; a user's word makes it count anew", () => {
  const intensity = { restarts: 1, within: "1m" };
  const spec = group("one_for_all", [service("a"), service("b")], { intensity });
  const world = new World(spec);
  world.end(["a/0"], 0);
  assert.deepEqual(world.end(["b/0"], 60_000), []);
  assert.equal(
    world.supervision.failure,
    "shop gave up after 1 restarts within 60 s; at last shop/b killed by SIGKILL",
  );
  assert.deepEqual(world.end(["a/0"], 60_001), [], "and nothing more is decided");
  const ended = {
    service: asServiceName("shop/a"),
    slot: 0,
    life: 1,
    end: { kind: "restart", why },
  };
  const anew = supervise(spec, world.supervision, [ended as Supervised], "2", 60_002);
  assert.equal(anew.failure, undefined);
  assert.deepEqual(anew.lives, { "shop/a/0": 2, "shop/b/0": 1 });
});

test("what has given up by itself fails those that are not to run without it, and no others", () => {
  const inner = (strategy: Strategy) => ({
    name: "in",
    strategy,
    services: [service("a"), service("b")],
  });
  const around = (strategy: Strategy, more: object = {}) =>
    new World(group("one_for_one", [inner(strategy), service("c")], more));
  const intensity = { restarts: 1, within: "1m" };
  const alone = around("one_for_one", { intensity });
  assert.deepEqual(alone.end(["in/a/0"], 0, "failed"), []);
  assert.equal(alone.supervision.failure, undefined);
  // The group in which it is fails, and the one around it restarts all of that.
  const tied = around("rest_for_one", { intensity });
  assert.deepEqual(tied.end(["in/b/0"], 0, "failed"), ["in/a", "in/b"]);
  assert.deepEqual(tied.end(["in/b/0"], 0, "failed"), []);
  assert.match(tied.supervision.failure ?? "", /shop gave up.*shop\/in failed, since shop\/in\/b/);
  const top = new World(group("one_for_all", [service("a"), service("b")]));
  top.end(["a/0"], 0, "failed");
  assert.equal(top.supervision.failure, `shop failed, since shop/a ${why}`);
});

test("a life that is ahead of what was decided, as after a partition, is outdone all the same", () => {
  const spec = group("one_for_all", [service("a"), service("b")]);
  const ended = {
    service: asServiceName("shop/a"),
    slot: 0,
    life: 7,
    end: { kind: "restart", why },
  };
  const other = { service: asServiceName("shop/b"), slot: 0, life: 2 };
  const { lives } = supervise(spec, unsupervised, [ended as Supervised, other], "1", 0);
  assert.deepEqual(lives, { "shop/a/0": 8, "shop/b/0": 3 });
});

const { tree } = fc.letrec<{ tree: object; child: object }>((tie) => ({
  tree: fc
    .record({
      strategy: fc.constantFrom("one_for_one", "one_for_all", "rest_for_one"),
      // Every group counts: what its node restarts alone is no matter of the model's.
      intensity: fc.record({
        restarts: fc.integer({ min: 0, max: 4 }),
        within: fc.constantFrom("1s", "10s"),
      }),
      services: fc.array(tie("child"), { minLength: 1, maxLength: 4 }),
    })
    .map(({ services, ...more }) => ({
      ...more,
      services: services.map((one, index) => ({ ...one, name: `s${index}` })),
    })),
  child: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant({ provider: "bash" }),
    tie("tree"),
  ),
}));

const crashes = fc.array(fc.record({ who: fc.nat(), afterMs: fc.nat(3_000) }), { maxLength: 40 });

test("whatever ends and when: restarted is what OTP restarts, and it fails when OTP gives up", () => {
  fc.assert(
    fc.property(tree, crashes, (shape, ends) => {
      const spec = parseGroupSpec({ ...shape, name: "shop" });
      assert.ok(isGroup(spec));
      const world = new World(spec);
      const otp = new Otp(spec, "shop");
      let nowMs = 0;
      for (const { who, afterMs } of ends) {
        nowMs += afterMs;
        const name = world.names[who % world.names.length] ?? "";
        const survives = exits(otp, name, nowMs);
        world.end([`${name.replace(/^shop\//, "")}/0`], nowMs);
        assert.equal(world.supervision.failure === undefined, survives);
        if (!survives) return;
        const lives = startsOf(otp).map(([of]) => [of, world.lives.get(`${of}/0`) ?? 0]);
        assert.deepEqual(lives, startsOf(otp));
      }
    }),
    { numRuns: 1_000 },
  );
});

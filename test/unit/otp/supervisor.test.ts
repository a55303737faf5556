import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequest, Conflict } from "../../../src/core/errors.ts";
import type { Strategy } from "../../../src/core/strategies.ts";
import {
  deleteChild,
  restartChild,
  startChild,
  terminateChild,
  whichChildren,
} from "../../../src/otp/children.ts";
import type { Restart } from "../../../src/otp/definition.ts";
import { ChildState, NoSuchChild, StartFailed } from "../../../src/otp/errors.ts";
import { supervisor } from "../../../src/otp/supervisor.ts";
import { type ActorWorld, type ProbeProtocol, withActors } from "../../support/actor-world.ts";
import { settle } from "../../support/manual-env.ts";

/** Starts a supervisor `sup` of probes a, b and c; b has the given restart type. */
async function startThree(world: ActorWorld, strategy: Strategy, restart: Restart) {
  const children = ["a", "b", "c"].map((id) => ({ id, start: world.probe(id) }));
  const b = { id: "b", start: world.probe("b"), restart };
  await world.system.start(
    supervisor({ name: "sup", strategy, children: children.map((c) => (c.id === "b" ? b : c)) }),
  );
  world.takeEvents();
}

const exits = ["normal", "shutdown", "shutdown: why", "crashed: b", "killed"] as const;
type Exit = (typeof exits)[number];

/** Has b end in the way that is named. */
async function endB(world: ActorWorld, exit: Exit): Promise<void> {
  if (exit === "crashed: b") await world.crash("b");
  else if (exit === "killed") world.system.exit("b", "kill");
  else if (exit === "normal") await world.ask("b", "stop", { kind: "normal" });
  else if (exit === "shutdown") await world.ask("b", "stop", { kind: "shutdown" });
  else await world.ask("b", "stop", { kind: "shutdown", detail: "why" });
  await settle();
}

/** supervisor(3): permanent always, transient unless normal, shutdown or {shutdown, Term}, else never. */
function isRestarted(restart: Restart, exit: Exit): boolean {
  if (restart === "transient") return exit === "killed" || exit.startsWith("crashed");
  return restart === "permanent";
}

/** supervisor(3): what else goes down and up, the last started stopped first. */
const followers: Record<Strategy, readonly string[]> = {
  one_for_one: ["start b"],
  rest_for_one: ["end c: shutdown", "start b", "start c"],
  one_for_all: ["end c: shutdown", "end a: shutdown", "start a", "start b", "start c"],
};

for (const strategy of ["one_for_one", "rest_for_one", "one_for_all"] as const) {
  for (const restart of ["permanent", "transient", "temporary"] as const) {
    for (const exit of exits) {
      const restarted = isRestarted(restart, exit);
      test(`${strategy}: a ${restart} child that ends (${exit}) is ${restarted ? "" : "not "}started again`, () =>
        withActors(async (world) => {
          await startThree(world, strategy, restart);
          await endB(world, exit);
          const expected = [`end b: ${exit}`, ...(restarted ? followers[strategy] : [])];
          assert.deepEqual(world.takeEvents(), expected);
          const ids = (await whichChildren(world.system, "sup")).map(({ id }) => id);
          assert.deepEqual(ids, restart === "temporary" ? ["a", "c"] : ["a", "b", "c"]);
        }));
    }
  }
}

test("children start from left to right and stop from right to left", () =>
  withActors(async (world) => {
    const children = ["a", "b", "c"].map((id) => ({ id, start: world.probe(id) }));
    await world.system.start(supervisor({ name: "sup", strategy: "one_for_one", children }));
    await world.system.stop("sup", { kind: "shutdown" });
    assert.deepEqual(world.takeEvents(), [
      "start a",
      "start b",
      "start c",
      "end c: shutdown",
      "end b: shutdown",
      "end a: shutdown",
    ]);
  }));

test("a child that does not start has those before it stopped, and the supervisor fails", () =>
  withActors(async (world) => {
    const beforeInit = () => {
      throw new Conflict("not now");
    };
    const children = [
      { id: "a", start: world.probe("a") },
      { id: "b", start: world.probe("b") },
      { id: "c", start: world.probe("c", { beforeInit }) },
      { id: "d", start: world.probe("d") },
    ];
    const starting = world.system.start(
      supervisor({ name: "sup", strategy: "one_for_one", children }),
    );
    await assert.rejects(
      starting,
      (error) => error instanceof StartFailed && error.cause instanceof Conflict,
    );
    assert.deepEqual(world.takeEvents(), [
      "start a",
      "start b",
      "end b: shutdown",
      "end a: shutdown",
    ]);
    assert.equal(world.system.whereis("sup"), undefined);
  }));

test("temporary siblings that go down with another are not started again", () =>
  withActors(async (world) => {
    const children = [
      { id: "a", start: world.probe("a"), restart: "temporary" as const },
      { id: "b", start: world.probe("b") },
    ];
    await world.system.start(supervisor({ name: "sup", strategy: "one_for_all", children }));
    await world.crash("b");
    assert.deepEqual(world.alive, ["b"]);
    assert.equal((await whichChildren(world.system, "sup")).length, 1);
  }));

test("one_for_all starts a transient child again that had ended normally before", () =>
  withActors(async (world) => {
    const children = [
      { id: "a", start: world.probe("a"), restart: "transient" as const },
      { id: "b", start: world.probe("b") },
    ];
    await world.system.start(supervisor({ name: "sup", strategy: "one_for_all", children }));
    await world.ask("a", "stop", { kind: "normal" });
    await world.crash("b");
    assert.deepEqual(world.alive, ["a", "b"]);
  }));

test("by default one restart in 5 s is allowed, a second within them is one too many", () =>
  withActors(async (world) => {
    const children = [
      { id: "a", start: world.probe("a") },
      { id: "b", start: world.probe("b") },
    ];
    await world.system.start(supervisor({ name: "sup", strategy: "one_for_one", children }));
    await world.crash("a");
    await world.env.advance(5_001);
    await world.crash("a");
    assert.deepEqual(world.alive, ["a", "b"]);
    world.takeEvents();
    await world.env.advance(5_000);
    await world.crash("b");
    assert.deepEqual(world.takeEvents(), ["end b: crashed: b", "end a: shutdown"]);
    assert.equal(world.system.whereis("sup"), undefined);
  }));

test("a supervisor that gives up ends with shutdown", () =>
  withActors(async (world) => {
    const children = [{ id: "a", start: world.probe("a") }];
    const sup = supervisor({ name: "sup", strategy: "one_for_one", intensity: 0, children });
    await world.system.start(sup);
    const reasons: string[] = [];
    world.system.monitor("sup", ({ reason }) => reasons.push(reason.kind));
    await world.crash("a");
    assert.deepEqual(reasons, ["shutdown"]);
  }));

/** A supervisor `top` over `mid` over a crashing leaf; `mid` gives up at the first crash. */
async function startNested(world: ActorWorld, restart: Restart): Promise<void> {
  const leaf = { id: "leaf", start: world.probe("leaf") };
  const mid = supervisor({
    name: "mid",
    strategy: "one_for_one",
    intensity: 0,
    children: [{ id: "first", start: world.probe("first") }, leaf],
  });
  const children = [
    { id: "beside", start: world.probe("beside") },
    { id: "mid", start: mid, restart },
  ];
  await world.system.start(supervisor({ name: "top", strategy: "one_for_one", children }));
  world.takeEvents();
}

test("the supervisor above starts the one that gave up, with all its children", () =>
  withActors(async (world) => {
    await startNested(world, "permanent");
    await world.crash("leaf");
    assert.deepEqual(world.takeEvents(), [
      "end leaf: crashed: leaf",
      "end first: shutdown",
      "start first",
      "start leaf",
    ]);
    assert.equal(world.system.inspect.status("mid").restarts, 1);
  }));

test("the failure climbs level by level until one gives up for good", () =>
  withActors(async (world) => {
    await startNested(world, "permanent");
    await world.crash("leaf");
    await world.crash("leaf");
    assert.deepEqual(world.alive, []);
    assert.deepEqual(world.system.inspect.tree(), []);
  }));

test("a transient supervisor that gave up stays down, since shutdown is no failure", () =>
  withActors(async (world) => {
    await startNested(world, "transient");
    await world.crash("leaf");
    assert.deepEqual(world.alive, ["beside"]);
  }));

test("a restart that fails in init is tried again, and each try counts", () =>
  withActors(async (world) => {
    let failures = 0;
    const beforeInit = () => {
      if (failures-- > 0) throw new Conflict("not yet");
    };
    const children = [{ id: "a", start: world.probe("a", { beforeInit }) }];
    const sup = supervisor({ name: "sup", strategy: "one_for_one", intensity: 3, children });
    failures = 0;
    await world.system.start(sup);
    failures = 2;
    await world.crash("a");
    assert.deepEqual(world.alive, ["a"]);
    assert.equal(world.system.inspect.status("a").restarts, 3);
    failures = 1;
    await world.crash("a");
    assert.equal(world.system.whereis("sup"), undefined, "the fourth was one too many");
  }));

test("after a failed restart rest_for_one goes on from the child that failed", () =>
  withActors(async (world) => {
    let fails = false;
    const beforeInit = () => {
      if (fails) {
        fails = false;
        throw new Conflict("not yet");
      }
    };
    const children = [
      { id: "a", start: world.probe("a") },
      { id: "b", start: world.probe("b", { beforeInit }) },
      { id: "c", start: world.probe("c") },
    ];
    await world.system.start(
      supervisor({ name: "sup", strategy: "rest_for_one", intensity: 5, children }),
    );
    world.takeEvents();
    fails = true;
    await world.crash("a");
    assert.deepEqual(world.takeEvents(), [
      "end a: crashed: a",
      "end c: shutdown",
      "end b: shutdown",
      "start a",
      "start b",
      "start c",
    ]);
  }));

test("a child that does not stop within its shutdown is killed", () =>
  withActors(async (world) => {
    const terminate = () => new Promise<void>(() => {});
    const children = [{ id: "a", start: world.probe("a", { terminate }), shutdown: 700 }];
    await world.system.start(supervisor({ name: "sup", strategy: "one_for_one", children }));
    const stopping = world.system.stop("sup");
    await world.env.advance(699);
    assert.deepEqual(world.alive, ["a"]);
    await world.env.advance(1);
    await stopping;
    assert.deepEqual(world.takeEvents(), ["start a", "end a: killed"]);
  }));

test("brutal_kill ends a child at once and without its terminate", () =>
  withActors(async (world) => {
    let terminated = false;
    const terminate = () => {
      terminated = true;
    };
    const start = world.probe("a", { terminate });
    const children = [{ id: "a", start, shutdown: "brutal_kill" as const }];
    await world.system.start(supervisor({ name: "sup", strategy: "one_for_one", children }));
    await world.system.stop("sup");
    await settle();
    assert.deepEqual(world.takeEvents(), ["start a", "end a: killed"]);
    assert.equal(terminated, false);
  }));

test("infinity waits for as long as the child takes", () =>
  withActors(async (world) => {
    let done = () => {};
    const terminate = () => new Promise<void>((resolve) => (done = resolve));
    const start = world.probe("a", { terminate });
    const children = [{ id: "a", start, shutdown: "infinity" as const }];
    await world.system.start(supervisor({ name: "sup", strategy: "one_for_one", children }));
    const stopping = world.system.stop("sup");
    await world.env.advance(3_600_000);
    assert.deepEqual(world.alive, ["a"]);
    done();
    await stopping;
    assert.deepEqual(world.takeEvents(), ["start a", "end a: shutdown"]);
  }));

test("a killed supervisor takes its whole subtree along before anyone hears of it", () =>
  withActors(async (world) => {
    await startNested(world, "permanent");
    world.system.exit("mid", "kill");
    await settle();
    assert.deepEqual(world.takeEvents(), [
      "end leaf: killed",
      "end first: killed",
      "start first",
      "start leaf",
    ]);
  }));

test("a child hanging in init does not hold up the shutdown for ever", () =>
  withActors(async (world) => {
    const beforeInit = () => new Promise<void>(() => {});
    const children = [
      { id: "a", start: world.probe("a") },
      { id: "b", start: world.probe("b", { beforeInit }) },
    ];
    const starting = assert.rejects(
      world.system.start(supervisor({ name: "sup", strategy: "one_for_one", children })),
    );
    await settle();
    const down = world.system.shutdown();
    await world.env.advance(5_000);
    await Promise.all([down, starting]);
    assert.deepEqual(world.alive, []);
  }));

test("a supervisor that is told to stop in the midst of a restart starts nothing more", () =>
  withActors(async (world) => {
    const children = [
      { id: "a", start: world.probe("a") },
      { id: "b", start: world.probe("b", { terminate: settle }) },
    ];
    await world.system.start(supervisor({ name: "sup", strategy: "one_for_all", children }));
    world.system.cast<ProbeProtocol, "crash">("a", "crash", "bang");
    await new Promise((resolve) => world.system.monitor("a", resolve));
    await new Promise((resolve) => setImmediate(resolve)); // Now b is being stopped.
    await world.system.stop("sup");
    await settle();
    assert.deepEqual(world.takeEvents(), [
      "start a",
      "start b",
      "end a: crashed: bang",
      "end b: shutdown",
    ]);
  }));

test("start_child adds at the right end, and refuses an id that is taken", () =>
  withActors(async (world) => {
    const { system } = world;
    await startThree(world, "one_for_one", "permanent");
    const ref = await startChild(system, "sup", { id: "d", start: world.probe("d") });
    assert.equal(await system.call(ref, "ping", undefined), "pong");
    assert.equal(ref.path, "sup/d");
    await assert.rejects(
      startChild(system, "sup", { id: "d", start: world.probe("e") }),
      ChildState,
    );
  }));

test("start_child tells what init threw, and adds nothing", () =>
  withActors(async (world) => {
    await startThree(world, "one_for_one", "permanent");
    const beforeInit = () => {
      throw new Conflict("no");
    };
    const spec = { id: "d", start: world.probe("d", { beforeInit }) };
    await assert.rejects(startChild(world.system, "sup", spec), Conflict);
    assert.equal((await whichChildren(world.system, "sup")).length, 3);
  }));

test("a terminated child stays down until it is restarted, and may then be deleted when stopped", () =>
  withActors(async (world) => {
    const { system } = world;
    await startThree(world, "one_for_one", "permanent");
    await assert.rejects(restartChild(system, "sup", "b"), ChildState);
    await assert.rejects(deleteChild(system, "sup", "b"), ChildState);
    await terminateChild(system, "sup", "b");
    assert.deepEqual(world.alive, ["a", "c"]);
    await restartChild(system, "sup", "b");
    assert.deepEqual(world.alive, ["a", "b", "c"]);
    await terminateChild(system, "sup", "b");
    await deleteChild(system, "sup", "b");
    await assert.rejects(restartChild(system, "sup", "b"), NoSuchChild);
  }));

test("a terminated temporary child is forgotten", () =>
  withActors(async (world) => {
    await startThree(world, "one_for_one", "temporary");
    await terminateChild(world.system, "sup", "b");
    await assert.rejects(terminateChild(world.system, "sup", "b"), NoSuchChild);
  }));

test("two children of one id are refused", () => {
  const world = { id: "a", start: supervisor({ strategy: "one_for_one", children: [] }) };
  assert.throws(
    () => supervisor({ strategy: "one_for_one", children: [world, world] }),
    BadRequest,
  );
});

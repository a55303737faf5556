import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExitReason, shutdownWith } from "../../../src/otp/exit-reason.ts";
import type { Behaviour } from "../../../src/otp/gen-server.ts";
import type { ActorRef } from "../../../src/otp/ref.ts";
import { worker } from "../../../src/otp/worker.ts";
import { withActors } from "../../support/actor-world.ts";
import { settle } from "../../support/manual-env.ts";

/** Erlang's reference manual, "Processes: Receiving Exit Signals", for a linked actor. */
const signals: readonly {
  readonly reason: ExitReason;
  readonly plain: "lives" | "ends";
  readonly shown: string;
}[] = [
  { reason: { kind: "normal" }, plain: "lives", shown: "normal" },
  { reason: { kind: "shutdown" }, plain: "ends", shown: "shutdown" },
  { reason: shutdownWith("moved"), plain: "ends", shown: "shutdown: moved" },
];

for (const { reason, plain, shown } of signals) {
  test(`a linked actor ${plain} when the other ends with ${shown}`, () =>
    withActors(async (world) => {
      const a = await world.start("a");
      await world.start("b");
      await world.ask("b", "link", a);
      await world.ask("a", "stop", reason);
      await settle();
      assert.deepEqual(world.alive, plain === "lives" ? ["b"] : []);
      if (plain === "ends") assert.ok(world.events.includes(`end b: ${shown}`));
    }));

  test(`an actor that traps exits hears of ${shown} and lives`, () =>
    withActors(async (world) => {
      const a = await world.start("a");
      await world.start("b");
      await world.ask("b", "trap", undefined);
      await world.ask("b", "link", a);
      await world.ask("a", "stop", reason);
      await settle();
      assert.deepEqual(world.alive, ["b"]);
      assert.ok(world.events.includes(`exit b: ${shown}`));
    }));
}

test("a crash takes the linked along, whichever side made the link, with its reason", () =>
  withActors(async (world) => {
    const a = await world.start("a");
    await world.start("b");
    await world.start("c");
    await world.ask("b", "link", a);
    await world.ask("c", "link", a);
    await world.crash("b");
    assert.deepEqual(world.alive, []);
    assert.ok(world.events.includes("end c: crashed: b"));
  }));

test("a killed actor's links hear killed, which can be trapped", () =>
  withActors(async (world) => {
    const a = await world.start("a");
    await world.start("b");
    await world.ask("b", "trap", undefined);
    await world.ask("b", "link", a);
    world.system.exit("a", "kill");
    await settle();
    assert.ok(world.events.includes("exit b: killed"));
  }));

test("kill itself cannot be trapped", () =>
  withActors(async (world) => {
    await world.start("a");
    await world.ask("a", "trap", undefined);
    world.system.exit("a", "kill");
    assert.equal(world.system.whereis("a"), undefined);
  }));

test("an exit signal ends an actor without its terminate", () =>
  withActors(async (world) => {
    let terminated = false;
    const terminate = () => {
      terminated = true;
    };
    await world.start("a", { terminate });
    world.system.exit("a", { kind: "shutdown" });
    await settle();
    assert.deepEqual(world.alive, []);
    assert.equal(terminated, false);
  }));

test("a link to an actor that is dead is an exit signal with noproc", () =>
  withActors(async (world) => {
    const a = await world.start("a");
    await world.system.stop(a);
    await world.start("b");
    await world.ask("b", "link", a);
    await settle();
    assert.ok(world.events.includes("end b: noproc"));
  }));

test("a link to another node's actor is refused by a crash, since it is a mistake in the code", () =>
  withActors(async (world) => {
    const a = await world.start("a");
    const elsewhere = { ...a, path: "far", node: "there" };
    await assert.rejects(world.system.call("a", "link", elsewhere), /links are for actors of one/);
  }));

test("an actor hit by an exit signal in the midst of a handler ends when that has ended", () =>
  withActors(async (world) => {
    const a = await world.start("a");
    await world.start("b");
    await world.ask("b", "link", a);
    const answer = world.ask("b", "hang", undefined);
    await settle();
    await world.crash("a");
    assert.deepEqual(world.alive, ["b"]);
    world.release("b");
    assert.equal(await answer, "released");
    await settle();
    assert.deepEqual(world.alive, []);
  }));

test("and when the handler does not end it is cut off after 5 s", () =>
  withActors(async (world) => {
    const a = await world.start("a");
    await world.start("b");
    await world.ask("b", "link", a);
    const hung = assert.rejects(world.ask("b", "hang", undefined));
    await settle();
    await world.crash("a");
    await world.env.advance(4_999);
    assert.deepEqual(world.alive, ["b"]);
    await world.env.advance(1);
    assert.deepEqual(world.alive, []);
    await hung;
  }));

test("an exit signal runs down a chain of ten thousand links", () =>
  withActors(async ({ system }) => {
    const link = worker({
      behaviour: (): Behaviour<null, Record<never, never>> => ({
        init(self) {
          if (last !== undefined) self.link(last);
          return null;
        },
        handlers: {},
      }),
    });
    let last: ActorRef | undefined;
    const first = await system.start(link);
    last = first;
    for (let i = 1; i < 10_000; i++) last = await system.start(link);
    system.exit(last, { kind: "shutdown" });
    await settle();
    assert.deepEqual(system.inspect.tree(), []);
  }));

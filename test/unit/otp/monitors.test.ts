import assert from "node:assert/strict";
import { test } from "node:test";
import type { Behaviour, Self } from "../../../src/otp/gen-server.ts";
import type { Target } from "../../../src/otp/ref.ts";
import type { Down, MonitorId } from "../../../src/otp/signals.ts";
import { worker } from "../../../src/otp/worker.ts";
import { withActors } from "../../support/actor-world.ts";
import { settle } from "../../support/manual-env.ts";

type Watching = {
  readonly watch: { readonly request: Target<unknown>; readonly reply: MonitorId };
  readonly forget: { readonly request: MonitorId; readonly reply: "done" };
};

/** Keeps every `DOWN` that it gets. */
function watcher(downs: Down[]) {
  return worker({
    behaviour: (): Behaviour<Self<Watching>, Watching> => ({
      init: (self) => self,
      handlers: {
        watch: (self, target) => [self, self.monitor(target)],
        forget(self, monitor) {
          self.demonitor(monitor);
          return [self, "done"];
        },
      },
      info(self, message) {
        if (message.type === "DOWN") downs.push(message);
        return self;
      },
    }),
  });
}

test("a monitor fires once, with the reason and what was monitored", () =>
  withActors(async (world) => {
    const downs: Down[] = [];
    const ref = await world.system.start(watcher(downs));
    const a = await world.start("a");
    const monitor = await world.system.call(ref, "watch", a);
    await world.crash("a");
    assert.equal(downs.length, 1);
    assert.equal(downs[0]?.monitor, monitor);
    assert.deepEqual(downs[0]?.target, a);
    assert.equal(downs[0]?.reason.kind, "crashed");
  }));

test("two monitors on one actor fire once each", () =>
  withActors(async (world) => {
    const downs: Down[] = [];
    const ref = await world.system.start(watcher(downs));
    await world.start("a");
    const first = await world.system.call(ref, "watch", "a");
    const second = await world.system.call(ref, "watch", "a");
    await world.system.stop("a");
    await settle();
    assert.deepEqual(
      downs.map((down) => down.monitor),
      [first, second],
    );
  }));

test("a monitor on what is dead, or never was, fires with noproc", () =>
  withActors(async (world) => {
    const downs: Down[] = [];
    const ref = await world.system.start(watcher(downs));
    const a = await world.start("a");
    await world.system.stop(a);
    await world.system.call(ref, "watch", a);
    await world.system.call(ref, "watch", "nobody");
    await settle();
    assert.deepEqual(
      downs.map((down) => down.reason.kind),
      ["noproc", "noproc"],
    );
  }));

test("a monitor taken back does not fire", () =>
  withActors(async (world) => {
    const downs: Down[] = [];
    const ref = await world.system.start(watcher(downs));
    await world.start("a");
    const monitor = await world.system.call(ref, "watch", "a");
    await world.system.call(ref, "forget", monitor);
    await world.system.stop("a");
    await settle();
    assert.deepEqual(downs, []);
  }));

test("nor does one taken back when its DOWN is queued already", () =>
  withActors(async (world) => {
    const downs: Down[] = [];
    const ref = await world.system.start(watcher(downs));
    await world.start("a");
    const monitor = await world.system.call(ref, "watch", "a");
    world.system.inspect.suspend(ref);
    const forgotten = world.system.call(ref, "forget", monitor);
    await world.system.stop("a");
    world.system.inspect.resume(ref);
    await forgotten;
    await settle();
    assert.deepEqual(downs, []);
  }));

test("code that is no actor hears of an end once, and not after taking the monitor back", () =>
  withActors(async (world) => {
    const heard: string[] = [];
    await world.start("a");
    world.system.monitor("a", ({ reason }) => heard.push(reason.kind));
    const cancel = world.system.monitor("a", () => heard.push("never"));
    cancel();
    world.system.exit("a", "kill");
    await settle();
    assert.deepEqual(heard, ["killed"]);
  }));

test("a monitor's callback that throws harms no one", () =>
  withActors(async (world) => {
    await world.start("a");
    world.system.monitor("a", () => {
      throw new RangeError("in a callback");
    });
    await world.system.stop("a");
    await settle();
    assert.ok(world.env.lines.some(({ level }) => level === "error"));
  }));

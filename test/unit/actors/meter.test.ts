/** What the meter of a node tells, asked from another node. Its engine is a table in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type MeterProtocol, meter } from "../../../src/actors/meter.ts";
import { names, providerWorkerName } from "../../../src/actors/names.ts";
import type { ProviderWorkerProtocol } from "../../../src/actors/provider-worker-protocol.ts";
import { Conflict, Unavailable } from "../../../src/core/errors.ts";
import { asInstanceId, asNodeId } from "../../../src/core/ids.ts";
import { type Behaviour, refuse } from "../../../src/otp/gen-server.ts";
import { named } from "../../../src/otp/ref.ts";
import { worker } from "../../../src/otp/worker.ts";
import type { FoundTask, Provider, TaskStats } from "../../../src/providers/provider.ts";
import { ActorNetwork } from "../../support/actor-network.ts";

const ids = {
  busy: asInstanceId("0".repeat(16)),
  idle: asInstanceId("1".repeat(16)),
  stopped: asInstanceId("2".repeat(16)),
  silent: asInstanceId("3".repeat(16)),
  gone: asInstanceId("4".repeat(16)),
};
const limits = { memoryBytes: 1e6, milliCpus: 500 };

interface World {
  readonly network: ActorNetwork;
  /** The instances that were looked at, in order. */
  readonly looks: string[];
  /** Called for what is looked at. */
  stats: (task: FoundTask) => Promise<TaskStats>;
  ask(...instances: (keyof typeof ids)[]): Promise<MeterProtocol["measure"]["reply"]>;
}

/** A worker whose task was started 5 s before the clock began. */
function providerWorker(
  network: ActorNetwork,
  name: keyof typeof ids,
): Behaviour<null, ProviderWorkerProtocol> {
  const task = { instance: ids[name], attempt: 1, handle: { name } };
  const spec = { params: {}, env: {}, logs: { fileBytesMax: 1, filesMax: 1 }, resources: limits };
  const startedAt = network.env.clock.wall() - 5_000;
  const provider = name === "silent" ? "silent" : "telling";
  return {
    init: () => null,
    handlers: {
      task: (state) =>
        name === "stopped"
          ? refuse(state, new Conflict("it does not run: it is stopped"))
          : [state, { task, spec, startedAt, isPaused: false, provider }],
      setPaused: (state) => [state, "done"],
    },
  };
}

async function withMeter(body: (world: World) => Promise<void>): Promise<void> {
  const network = new ActorNetwork();
  const [there, here] = [network.addNode("there"), network.addNode("here")];
  const target = named<MeterProtocol>(there.node, names.meter);
  const world: World = {
    network,
    looks: [],
    stats: async () => ({ cpuMs: 0, memoryBytes: 0 }),
    ask: (...instances) =>
      here.call(
        target,
        "measure",
        { instances: instances.map((one) => ids[one]) },
        { timeoutMs: 20_000 },
      ),
  };
  const telling = {
    stats(task: FoundTask) {
      world.looks.push(String(task.handle["name"]));
      return world.stats(task);
    },
  };
  const providers = new Map<string, Pick<Provider, "stats">>([
    ["telling", telling],
    ["silent", {}],
  ]);
  for (const name of ["busy", "idle", "stopped", "silent"] as const) {
    const behaviour = () => providerWorker(network, name);
    await there.start(worker({ name: providerWorkerName(ids[name]), behaviour }), { id: name });
  }
  await there.start(worker({ name: names.meter, behaviour: () => meter({ providers }) }), {
    id: "meter",
  });
  try {
    await body(world);
  } finally {
    await there.shutdown();
    await here.shutdown();
  }
}

test("all are looked at twice in one second, and what has not run or cannot tell says so", () =>
  withMeter(async (world) => {
    const { network, ask, looks } = world;
    const { clock } = network.env;
    const beganAt = clock.mono();
    world.stats = async ({ handle }) =>
      handle["name"] === "busy"
        ? { cpuMs: 2 * (clock.mono() - beganAt), memoryBytes: 7, processes: 3 }
        : { cpuMs: 40, memoryBytes: 8 };
    const asked = ask("busy", "stopped", "idle", "silent", "gone");
    await network.env.advance(1_000);
    assert.deepEqual(await asked, [
      {
        instance: ids.busy,
        use: {
          ...{ cpuMs: 2_000, cpuPercent: 200, memoryBytes: 7, processes: 3 },
          ...{ limits, uptimeMs: 6_000 },
        },
      },
      { instance: ids.stopped, why: "it does not run: it is stopped" },
      {
        instance: ids.idle,
        use: { cpuMs: 40, cpuPercent: 0, memoryBytes: 8, limits, uptimeMs: 6_000 },
      },
      { instance: ids.silent, why: "silent does not tell what a task uses" },
      { instance: ids.gone, why: "its node does not hold it now" },
    ]);
    assert.deepEqual(looks, ["busy", "idle", "busy", "idle"]);
  }));

test("those who ask for the same at a time are told of the same looks", () =>
  withMeter(async ({ network, ask, looks }) => {
    const both = Promise.all([ask("busy"), ask("busy", "idle")]);
    await network.env.advance(1_000);
    const [first, second] = await both;
    assert.deepEqual(second[0], first[0]);
    assert.deepEqual(looks, ["busy", "idle", "busy", "idle"]);
    const again = ask("busy");
    await network.env.advance(1_000);
    await again;
    assert.equal(looks.length, 6);
  }));

test("time that is lost between two looks is no negative use", () =>
  withMeter(async (world) => {
    let cpuMs = 900;
    world.stats = async () => {
      cpuMs -= 100;
      return { cpuMs, memoryBytes: 0 };
    };
    const asked = world.ask("busy");
    await world.network.env.advance(1_000);
    const [told] = await asked;
    assert.ok(told !== undefined && "use" in told);
    assert.deepEqual([told.use.cpuMs, told.use.cpuPercent], [700, 0]);
  }));

test("an engine that refuses, or does not answer, is told of its instance, and is asked once", () =>
  withMeter(async (world) => {
    const { network, ask, looks } = world;
    world.stats = ({ handle }) =>
      handle["name"] === "busy"
        ? Promise.reject(new Unavailable("nobody listens"))
        : new Promise(() => {});
    const asked = ask("busy", "idle");
    await network.env.advance(10_000);
    const late = { instance: ids.idle, why: "its engine did not answer within 10 s" };
    assert.deepEqual(await asked, [{ instance: ids.busy, why: "nobody listens" }, late]);
    assert.deepEqual(await ask("idle"), [late]);
    assert.deepEqual(looks, ["busy", "idle"]);
  }));

test("what is no question is refused", () =>
  withMeter(async ({ network }) => {
    const other = network.addNode("other");
    const target = named<MeterProtocol>(asNodeId("there"), names.meter);
    const wrong = other.call(target, "measure", { instances: [7] as never });
    await assert.rejects(wrong, { code: "bad_request" });
    await other.shutdown();
  }));

/** What the janitor of a node shows and removes, asked from another node. Its engines are lists in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalog } from "../../../src/actors/catalog.ts";
import { type JanitorProtocol, janitor } from "../../../src/actors/janitor.ts";
import type { FolderUse } from "../../../src/actors/leftover-state.ts";
import { names } from "../../../src/actors/names.ts";
import { Unavailable } from "../../../src/core/errors.ts";
import { asInstanceId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { named } from "../../../src/otp/ref.ts";
import { worker } from "../../../src/otp/worker.ts";
import type { Leftover, Provider } from "../../../src/providers/provider.ts";
import { ActorNetwork } from "../../support/actor-network.ts";

const instance = asInstanceId("0123456789abcdef");
const leftover = (id: string, folder: string): Leftover => ({
  id,
  instance,
  attempt: 1,
  folder,
  isOrphan: folder.startsWith("/gone"),
});

type Offered = Pick<Provider, "type" | "leftovers">;

interface World {
  /** What is in the engine of `good`; `broken` cannot be looked through. */
  readonly engine: Map<string, Leftover>;
  /** By folder, where it is not as its first letters say. */
  readonly uses: Map<string, FolderUse>;
  /** Called before each removal. */
  beforeRemove: (id: string) => void;
  list(): Promise<JanitorProtocol["list"]["reply"]>;
  remove(ids?: string[]): Promise<JanitorProtocol["remove"]["reply"]>;
}

async function withJanitor(body: (world: World) => Promise<void>): Promise<void> {
  const network = new ActorNetwork();
  const [there, here] = [network.addNode("there"), network.addNode("here")];
  const engine = new Map<string, Leftover>();
  const uses = new Map<string, FolderUse>();
  const good: Offered = {
    type: "good",
    leftovers: {
      list: async () => [...engine.values()],
      async remove(id) {
        world.beforeRemove(id);
        engine.delete(id);
      },
    },
  };
  const target = named<JanitorProtocol>(there.node, names.janitor);
  const world: World = {
    engine,
    uses,
    beforeRemove: () => {},
    list: () => here.call(target, "list", undefined),
    remove: (ids) => here.call(target, "remove", ids === undefined ? {} : { ids }),
  };
  const broken = {
    type: "broken",
    leftovers: {
      list: async () => {
        throw new Unavailable("nobody listens");
      },
      remove: async () => {},
    },
  };
  const without = { type: "without" };
  const providers = new Map<string, Offered>([good, broken, without].map((one) => [one.type, one]));
  const lookAtFolder = async (dataFolder: string) => {
    const [, word] = /^\/(gone|running|stopped)/.exec(dataFolder) ?? [];
    return { dataFolder, use: uses.get(dataFolder) ?? (word as FolderUse) };
  };
  const catalog = new Catalog(there.node, silentLog);
  const behaviour = () => janitor({ catalog, providers, lookAtFolder });
  await there.start(worker({ name: names.janitor, behaviour }), { id: "janitor" });
  try {
    for (const [id, folder] of [
      ["a", "/gone/a"],
      ["b", "/stopped/b"],
      ["c", "/running/c"],
      ["d", "/gone/d"],
    ] as const) {
      engine.set(id, leftover(id, folder));
    }
    await body(world);
  } finally {
    await there.shutdown();
    await here.shutdown();
  }
}

const unread = [{ provider: "broken", reason: "nobody listens" }];

test("shows what no running node has, and which engine does not answer", () =>
  withJanitor(async ({ list }) => {
    const found = await list();
    assert.deepEqual(
      found.leftovers.map(({ id, state, dataFolder }) => [id, state, dataFolder]),
      [
        ["a", "gone", "/gone/a"],
        ["b", "stopped", "/stopped/b"],
        ["d", "gone", "/gone/d"],
      ],
    );
    assert.deepEqual(found.unread, unread);
  }));

test("removes all that are gone, and nothing else", () =>
  withJanitor(async ({ remove, engine }) => {
    const removed = await remove();
    assert.deepEqual(removed, {
      results: ["a", "d"].map((id) => ({ provider: "good", id, instance })),
      unread,
    });
    assert.deepEqual([...engine.keys()], ["b", "c"]);
  }));

test("says by id why something is kept, and removes the rest", () =>
  withJanitor(async ({ remove, engine }) => {
    const { results } = await remove(["a", "b", "c", "nope"]);
    assert.deepEqual(
      results.map(({ id, error }) => [id, error]),
      [
        ["a", undefined],
        ["b", "it is kept: no node runs on its data folder"],
        ["c", "there is no such leftover"],
        ["nope", "there is no such leftover"],
      ],
    );
    assert.deepEqual([...engine.keys()], ["b", "c", "d"]);
  }));

test("looks again before each removal: a node may have come back meanwhile", () =>
  withJanitor(async (world) => {
    world.beforeRemove = (id) => {
      if (id === "a") world.uses.set("/gone/d", "running");
    };
    const { results } = await world.remove();
    assert.deepEqual(
      results.map(({ id, error }) => [id, error]),
      [
        ["a", undefined],
        ["d", "it is kept: its node runs"],
      ],
    );
    assert.ok(world.engine.has("d"));
  }));

test("what an engine refuses is told of the one, and the others are removed", () =>
  withJanitor(async (world) => {
    world.beforeRemove = (id) => {
      if (id === "a") throw new Unavailable("device is busy");
    };
    const { results } = await world.remove();
    assert.deepEqual(
      results.map(({ id, error }) => [id, error]),
      [
        ["a", "device is busy"],
        ["d", undefined],
      ],
    );
  }));

/**
 * One group over many engines: a volume, a container that keeps its data on it, a process, a function and a machine, on
 * three nodes. Each is broken in turn, by what its engine has for that: what comes after it is restarted, in order.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import type { InstanceView } from "../../src/api/shapes.ts";
import { DockerEngine, whyNoDocker } from "../support/docker-engine.ts";
import { skipWithout } from "../support/engine-needed.ts";
import { eventually } from "../support/eventually.ts";
import { GlusterPool, whyNoGluster } from "../support/gluster-pool.ts";
import { whyNoGuest } from "../support/guest.ts";
import { order, shop, unchecked } from "../support/many-engines.ts";
import { processesNaming } from "../support/marked-processes.ts";
import { Lab, type MobNode } from "../support/mob-node.ts";

const skip = skipWithout(whyNoGluster() || whyNoDocker() || whyNoGuest());
let pool: GlusterPool;
let engine: DockerEngine;

before(async () => {
  if (skip !== false) return;
  pool = await GlusterPool.open();
  engine = await DockerEngine.open(pool.enter);
});
after(async () => {
  try {
    await engine?.close();
  } finally {
    await pool?.close();
  }
});

/** Machines are emulated, and gluster's commands take seconds. */
const patienceMs = 300_000;

/** 0 for a process that is gone. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]);
  } catch {
    return 0;
  }
}

/** The group on three nodes, none of which could run all of it. */
class World {
  readonly nodes: readonly [MobNode, MobNode, MobNode];
  readonly lab: Lab;
  /** How each is known to its engine, as of when all last ran. */
  #handles: ReadonlyMap<string, string> = new Map();
  #linesRead = 0;

  private constructor(lab: Lab, nodes: World["nodes"]) {
    this.lab = lab;
    this.nodes = nodes;
  }

  static async open(t: TestContext): Promise<World> {
    const lab = await Lab.open(t, { DOCKER_HOST: `unix://${engine.socketPath}` }, pool.enter);
    const a = await lab.start({ providers: "glusterfs,bash" });
    const args = ["--join", `127.0.0.1:${a.port}`];
    const b = await lab.start({ providers: "docker,lambda", args });
    const c = await lab.start({ providers: "kvm,exec", args });
    return new World(lab, [a, b, c]);
  }

  /** Of each service in order, once all run, are healthy, and those of `names` have another task than before. */
  async all(names: readonly string[]): Promise<readonly InstanceView[]> {
    let rows: readonly InstanceView[] = [];
    const isReady = ({ name, state, healthy, provider, handle }: InstanceView) =>
      state === "running" &&
      (healthy === true || unchecked.includes(provider)) &&
      !(names.includes(name) && this.#handles.get(name) === JSON.stringify(handle));
    try {
      return await eventually(
        async () => {
          const found = await this.nodes[0].json<InstanceView[]>("ls");
          rows = order.flatMap((name) => found.find((row) => row.name === name) ?? []);
          return rows.length === order.length && rows.every(isReady) && rows;
        },
        `${names.join(", ")} to be restarted, and all to run`,
        patienceMs,
      );
    } catch (error) {
      throw new Error(JSON.stringify(rows, null, 2), { cause: error });
    }
  }

  /** The handle of a service's task, when all last ran. */
  handle(name: string): InstanceView["handle"] {
    return JSON.parse(this.#handles.get(name) ?? "{}");
  }

  /**
   * Waits until those of `names` run as other tasks, and asserts that the others run as the same, that they have been
   * started in order, and that a function that is called through any node answers what the database has.
   */
  async settled(names: readonly string[]): Promise<void> {
    const rows = await this.all(names);
    const now = new Map(rows.map(({ name, handle }) => [name, JSON.stringify(handle)]));
    const changed = order.filter((name) => now.get(name) !== this.#handles.get(name));
    assert.deepEqual(changed, names);
    this.#handles = now;
    const since = rows.filter(({ name }) => names.includes(name)).map((row) => row.since);
    assert.deepEqual(
      since,
      since.toSorted((one, other) => one - other),
      "started in order",
    );
    for (const node of this.nodes) {
      const answer = await node.json<{ answer: string }>("invoke", "shop/hello");
      assert.equal(answer.answer, this.stock(0));
    }
  }

  /**
   * Pids of what runs here for services. Not the nodes, the shells that they have as children to start tasks, nor what
   * such a shell keeps ready for the next task: a task itself is a child of that.
   */
  tasks(): readonly number[] {
    const nodes = this.nodes.map(({ pid }) => pid);
    const isOfNode = (pid: number) =>
      [pid, parentOf(pid), parentOf(parentOf(pid))].some((one) => nodes.includes(one));
    return this.lab.processes().filter((pid) => !isOfNode(pid));
  }

  /** What a brick has of the database. */
  stock(brick: number): string {
    const volume = String(this.handle("shop/files")["volume"]);
    return readFileSync(join(pool.bricks, String(brick), volume, "stock"), "utf8");
  }

  /** What the tasks have written since it was last asked for: those that were asked to end, and those that were started. */
  written(): readonly [ended: readonly string[], started: readonly string[]] {
    const all = readFileSync(join(this.lab.home, "shared", "written"), "utf8").split("\n");
    const lines = all.slice(this.#linesRead, -1);
    this.#linesRead = all.length - 1;
    const firstStart = lines.findIndex((line) => line.startsWith("+"));
    return [lines.slice(0, firstStart), lines.slice(firstStart)];
  }
}

test("each that breaks takes along what comes after it, over engines and nodes, and nothing else; nothing is left", {
  skip,
}, async (t) => {
  const world = await World.open(t);
  const [a, b, c] = world.nodes;
  await c.deploy(shop(world.lab.home, pool.bricks));
  await world.settled(order);
  assert.deepEqual(world.written(), [[], ["+db", "+api", "+box"]]);
  const stock = world.stock(0);
  assert.match(stock, /^[0-9a-f-]{36}\n$/);

  const kill = (name: string) => process.kill(Number(world.handle(name)["pid"]), "SIGKILL");

  kill("shop/box");
  await world.settled(order.slice(4));
  assert.deepEqual(world.written(), [[], ["+box"]]);

  kill("shop/hello");
  await world.settled(order.slice(3));
  assert.deepEqual(world.written(), [["-box"], ["+box"]]);

  kill("shop/api");
  await world.settled(order.slice(2));
  assert.deepEqual(world.written(), [["-box"], ["+api", "+box"]]);

  await engine.docker("kill", String(world.handle("shop/db")["container"]));
  await world.settled(order.slice(1));
  assert.deepEqual(world.written(), [
    ["-box", "-api"],
    ["+db", "+api", "+box"],
  ]);

  const volume = String(world.handle("shop/files")["volume"]);
  const [brick = 0] = await pool.brickPids(volume);
  process.kill(brick, "SIGKILL");
  await eventually(
    async () => (await b.instance("shop/files"))?.reason?.includes("not online"),
    "word of the brick",
    patienceMs,
  );
  await world.settled([]);
  assert.deepEqual(world.written(), [[], []]);

  await pool.gluster("volume", "stop", volume);
  await world.settled(order);
  assert.deepEqual(world.written(), [
    ["-box", "-api", "-db"],
    ["+db", "+api", "+box"],
  ]);
  assert.equal((await pool.brickPids(volume)).length, 2);
  assert.deepEqual([world.stock(0), world.stock(1)], [stock, stock], "its data has lasted");

  assert.ok(world.tasks().length > 0);
  await a.mob("rm", "shop");
  for (const node of world.nodes) assert.deepEqual(await node.json("ls"), []);
  await eventually(() => world.tasks().length === 0, "the end of every process", patienceMs);
  await eventually(async () => (await pool.volumes()).length === 0, "no volume", patienceMs);
  assert.deepEqual(processesNaming(pool.bricks), []);
  assert.deepEqual(pool.mounts(), []);
  assert.equal(await engine.docker("ps", "-aq"), "");
  assert.equal(await engine.docker("volume", "ls", "-q"), "");
  for (const { dataFolder } of world.nodes) assert.deepEqual(filesOfTasks(dataFolder), []);
  assert.deepEqual(readdirSync(join(world.lab.home, "shared")), ["written"]);
  assert.equal(world.stock(0), stock, "but for the files in the bricks");
});

/** What a node has of tasks and of mounts: nothing but the folders for them. */
function filesOfTasks(dataFolder: string): readonly string[] {
  const tasks = join(dataFolder, "tasks");
  const folders = readdirSync(tasks).flatMap((type) =>
    ["instances", "records"].map((name) => join(tasks, type, name)),
  );
  return [...folders, join(dataFolder, "mounts")].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [],
  );
}

/** What volumes alone have: files that outlive them, bricks that fail, and a daemon that does. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { asInstanceId } from "../../src/core/ids.ts";
import { eventually as soon } from "../support/eventually.ts";
import type { GlusterPool } from "../support/gluster-pool.ts";
import { volumeOf } from "./glusterfs-under-test.ts";
import { type Bench, exitOf, logs, printed, running } from "./provider-bench.ts";

const instance = asInstanceId("0".repeat(16));
const other = asInstanceId("1".repeat(16));

/** What waits for gluster, whose commands take seconds on a busy machine. */
const eventually: typeof soon = (condition, what) => soon(condition, what, 300_000);

type Case = (bench: Bench, pool: GlusterPool) => Promise<void>;

async function start(
  { provider }: Pick<Bench, "provider">,
  { params = volumeOf(1), attempt = 1 }: { params?: object; attempt?: number } = {},
) {
  const read = provider.parseParams(params);
  const context = { service: "group/data", attempt, env: {}, logs };
  const handle = await provider.start(instance, read, context);
  const task = await provider.adopt({ instance, attempt, handle });
  return { handle, volume: String(handle["volume"]), task };
}

/** The lines of a file in a volume, after one more was added to it. */
async function addLine(pool: GlusterPool, volume: string, at: string, line: string) {
  mkdirSync(at, { recursive: true });
  await pool.mount(volume, at);
  try {
    return await pool.run("sh", "-c", `echo ${line} >>${at}/lines; cat ${at}/lines`);
  } finally {
    await pool.run("umount", at);
  }
}

/** The process group that a process is in. */
async function groupOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
}

const anyStop = { signal: "SIGTERM", graceMs: 0 };

export const glusterfsCases: Readonly<Record<string, Case>> = {
  "is made with its options, mounted and written, and keeps its files over a restart, a removal and a move":
    async (bench, pool) => {
      const params = volumeOf(2, { replica: 2, options: { "cluster.min-free-disk": "7%" } });
      const first = await start(bench, { params });
      assert.match(first.volume, /^mob-[0-9a-f]{12}-group_data-0{16}$/);
      assert.match(await pool.gluster("volume", "info", first.volume), /cluster.min-free-disk: 7%/);
      const at = join(bench.folder, "mounted");
      assert.equal(await addLine(pool, first.volume, at, "one"), "one\n");
      await running(first.task).stop(anyStop);
      assert.deepEqual(await exitOf(first.task), { kind: "exited", code: 0 });
      assert.match(await pool.gluster("volume", "info", first.volume), /Status: Stopped/);
      await start(bench, { params, attempt: 2 });
      assert.equal(await addLine(pool, first.volume, at, "two"), "one\ntwo\n");
      await bench.provider.remove(instance);
      await bench.provider.remove(instance);
      assert.deepEqual(await pool.volumes(), []);
      assert.deepEqual(await bench.provider.list(), []);
      assert.deepEqual(readdirSync(join(bench.folder, "instances")), []);
      await start(bench, { params: { ...params, force: true } });
      assert.equal(await addLine(pool, first.volume, at, "three"), "one\ntwo\nthree\n");
    },

  "runs once, however often it is started": async (bench, pool) => {
    const params = volumeOf(1);
    const [a, b] = await Promise.all([start(bench, { params }), start(bench, { params })]);
    assert.deepEqual(a.handle, b.handle);
    assert.deepEqual((await start(bench, { params })).handle, a.handle);
    assert.equal((await bench.provider.list()).length, 1);
    assert.deepEqual(await pool.volumes(), [a.volume]);
  },

  "ends with a failure when somebody stops it, and starts again": async (bench, pool) => {
    const { volume, task } = await start(bench);
    await pool.gluster("volume", "stop", volume);
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 1 });
    assert.match(await printed(bench, instance, "stopped"), /volume \S+ runs\n.* was stopped\n$/);
    await bench.provider.forget(instance, 1);
    assert.deepEqual(await bench.provider.list(), []);
    const again = await start(bench, { attempt: 2 });
    // Both at once, as what looks at the volume sees it.
    const group = -(await groupOf(Number(again.handle["pid"])));
    process.kill(group, "SIGSTOP");
    await pool.gluster("volume", "stop", volume);
    await pool.gluster("volume", "delete", volume);
    process.kill(group, "SIGCONT");
    assert.deepEqual(await exitOf(again.task), { kind: "exited", code: 1 });
    assert.match(await printed(bench, instance, "deleted"), / was deleted\n$/);
  },

  "is adopted after its owner was killed, and its end is known that came meanwhile": async (
    bench,
    pool,
  ) => {
    const owner = await bench.startOwner(1, "");
    const line = await eventually(() => owner.lines[0], "a volume that runs");
    await owner.kill();
    const [volume = ""] = await pool.volumes();
    const [found] = await bench.provider.list();
    assert.ok(found !== undefined);
    assert.deepEqual(found.handle, { pid: Number(line.split(" ")[0]), volume });
    const task = running(await bench.provider.adopt(found));
    task.release();
    await pool.gluster("volume", "stop", volume);
    const provider = await bench.comeBack();
    const gone = await eventually(async () => {
      const [left] = await provider.list();
      const seen = left && (await provider.adopt(left));
      return seen !== undefined && "gone" in seen && seen;
    }, "its end");
    assert.deepEqual(gone.exit, { kind: "exited", code: 1 });
  },

  "serves on without a brick and tells so, and without glusterd, which brings both back": async (
    bench,
    pool,
  ) => {
    const params = volumeOf(2, { replica: 2 });
    const { volume, task } = await start(bench, { params });
    const told: string[] = []; // Empty: it does all.
    running(task).watch?.((why = "") => told.push(why));
    await eventually(() => told.length > 0, "a first look");
    assert.deepEqual(told, [""]);
    const at = join(bench.folder, "mounted");
    mkdirSync(at);
    await pool.mount(volume, at);
    const [pid = 0] = await pool.brickPids(volume);
    process.kill(pid, "SIGKILL");
    await eventually(() => told.at(-1)?.includes("not online"), "word of the brick");
    assert.match(told.at(-1) ?? "", /^gluster\.test:\S+\/0\/\S+ is not online, of 2 bricks$/);
    await pool.run("sh", "-c", `echo kept >${at}/file`);

    await pool.crash();
    await eventually(() => told.at(-1)?.includes("does not tell"), "word of glusterd");
    assert.equal(await pool.run("cat", `${at}/file`), "kept\n");
    await pool.start();
    await eventually(() => told.at(-1) === "", "its recovery");
    assert.equal((await pool.brickPids(volume)).length, 2);
    for (const brick of ["0", "1"]) {
      assert.equal(readFileSync(join(pool.bricks, brick, volume, "file"), "utf8"), "kept\n");
    }
    assert.equal((await bench.provider.list()).length, 1);
    assert.ok(!("gone" in (await bench.provider.adopt({ instance, attempt: 1, handle: {} }))));
    await pool.run("umount", at);
  },

  "is left alone by whom it was taken from": async (bench, pool) => {
    const { volume, task } = await start(bench);
    await pool.gluster("volume", "set", volume, "user.mob.instance", other);
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 1 });
    await bench.provider.remove(instance);
    assert.match(await pool.gluster("volume", "info", volume), /Status: Started/);
    await pool.gluster("volume", "stop", volume);
    await pool.gluster("volume", "delete", volume);
  },

  "cannot be had in gluster's words, and nothing of it runs": async (bench, pool) => {
    const { force: _force, ...unforced } = volumeOf(2, { replica: 2 }) as { force?: boolean };
    const wrong: readonly (readonly [object, RegExp])[] = [
      [unforced, /^gluster: Multiple bricks .*force/],
      [{ bricks: ["nowhere.test:/srv"] }, /^gluster: .*nowhere\.test/],
      [volumeOf(1, { options: { "no.such": 1 } }), /^gluster: .*no\.such/],
    ];
    for (const [params, message] of wrong) {
      await assert.rejects(start(bench, { params }), { code: "unavailable", message });
      assert.deepEqual(await bench.provider.list(), []);
    }
    await bench.provider.remove(instance);
    assert.deepEqual(await pool.volumes(), []);
    const { volume } = await start(bench);
    await bench.provider.remove(instance);
    await pool.gluster("volume", "create", volume, `gluster.test:${pool.bricks}/strange`, "force");
    const message = /^gluster: params\.bricks: there is a volume \S+ of other bricks: /;
    await assert.rejects(start(bench, { attempt: 2 }), { code: "unavailable", message });
    await pool.gluster("volume", "delete", volume);
  },

  "is never leaked by an owner that is killed at any moment of a start": async (bench, pool) => {
    for (let round = 0; round < 5; round++) {
      const owner = await bench.startOwner(1, "");
      await setTimeout(round * 150); // Not a wait for something: the moment of the crash.
      await owner.kill();
      await pool.quiet(); // What gluster had been told comes to something after the node's death.
      const provider = await bench.comeBack();
      for (const found of await provider.list()) {
        await provider.adopt(found);
        await provider.remove(found.instance);
      }
      assert.deepEqual(await provider.list(), []);
      assert.deepEqual(await pool.volumes(), []);
    }
  },
};

/** What is particular to containers: their parameters, their marks, and who else uses the engine. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asInstanceId } from "../../../src/core/ids.ts";
import { silentLog } from "../../../src/core/log.ts";
import { createDocker } from "../../../src/providers/docker/docker.ts";
import { busyboxImage } from "../../support/busybox-root.ts";
import { DockerEngine, whyNoDocker } from "../../support/docker-engine.ts";
import { skipWithout } from "../../support/engine-needed.ts";
import { eventually } from "../../support/eventually.ts";
import { type Bench, exitOf, logs, printed, running, startBench } from "../provider-bench.ts";
import { underTest } from "./under-test.ts";

const skip = skipWithout(whyNoDocker());
let engine: DockerEngine;

before(async () => {
  if (skip !== false) return;
  engine = await DockerEngine.open();
  process.env["DOCKER_HOST"] = `unix://${engine.socketPath}`;
});
after(() => engine?.close());

const instance = asInstanceId("0".repeat(16));

/** Starts a container with these parameters, and takes it over. */
async function start({ provider, mark }: Bench, params: object, more: object = {}) {
  const read = provider.parseParams({ image: busyboxImage, ...params });
  const context = { service: "shop/web", attempt: 1, env: { TEST_MARK: mark }, logs, ...more };
  const handle = await provider.start(instance, read, context);
  return await provider.adopt({ instance, attempt: context.attempt, handle });
}

test("a container has the user, folder, arguments and folders of the host that were asked for", {
  skip,
}, async (t) => {
  const bench = await startBench(t, underTest);
  const task = await start(bench, {
    args: `sh -c 'id -u; pwd; echo "a  b"; touch ${bench.folder}/no || echo read-only; echo end'`,
    user: "nobody",
    cwd: "/tmp",
    volumes: [`${bench.folder}:${bench.folder}:ro`],
  });
  assert.deepEqual(await exitOf(task), { kind: "exited", code: 0 });
  const lines = (await printed(bench, instance, "end"))
    .split("\n")
    .filter((line) => !line.startsWith("touch"));
  assert.deepEqual(lines, ["65534", "/tmp", "a  b", "read-only", "end", ""]);
});

test("a published port is served at the host", { skip }, async (t) => {
  const bench = await startBench(t, underTest);
  const args = ["sh", "-c", "echo hello >/tmp/index.html; httpd -f -p 80 -h /tmp"];
  await start(bench, { args, ports: ["127.0.0.1:8080:80"] });
  const page = await eventually(
    () =>
      engine
        .inNetwork("busybox", "wget", "-qO-", "http://127.0.0.1:8080/")
        .catch(() => false as const),
    "the page",
  );
  assert.equal(page, "hello\n");
});

test("a container is in every network asked for", { skip }, async (t) => {
  await engine.docker("network", "create", "front");
  await engine.docker("network", "create", "back");
  t.after(() => engine.docker("network", "rm", "front", "back"));
  const bench = await startBench(t, underTest);
  const task = running(await start(bench, { args: "sleep 1000", networks: ["front", "back"] }));
  const shown = await engine.docker("inspect", String(task.handle["container"]));
  const [{ NetworkSettings }] = JSON.parse(shown);
  assert.deepEqual(Object.keys(NetworkSettings.Networks).sort(), ["back", "front"]);
  await bench.provider.remove(instance);
});

test("what cannot be run is told with what the engine says, and leaves nothing", {
  skip,
}, async (t) => {
  const bench = await startBench(t, underTest);
  await assert.rejects(start(bench, { args: "no-such-program" }), {
    code: "unavailable",
    message: /"no-such-program": executable file not found/,
  });
  await assert.rejects(start(bench, { args: "true", volumes: ["/no/such:/data"] }), {
    message: /bind source path does not exist: \/no\/such/,
  });
  await assert.rejects(start(bench, { args: "true", networks: ["nowhere"] }), {
    message: /network nowhere not found/,
  });
  assert.equal(await engine.docker("ps", "-aq"), "");
});

test("an image that is not here is told by name where it may not be pulled", {
  skip,
}, async (t) => {
  const bench = await startBench(t, underTest);
  await assert.rejects(start(bench, { image: "no/such", pull: "never" }), {
    message: "params.image: no/such is not on this node, and pull is never",
  });
});

test("nodes that share an engine see and touch none of each other's containers", {
  skip,
}, async (t) => {
  const [a, b] = [await startBench(t, underTest), await startBench(t, underTest)];
  const task = running(await start(a, { args: "sleep 1000" }));
  assert.deepEqual(await b.provider.list(), []);
  await b.provider.remove(instance);
  const other = running(await start(b, { args: "sleep 1000" }));
  await b.provider.remove(instance);
  const [found] = await a.provider.list();
  assert.deepEqual(found?.handle, task.handle);
  assert.notEqual(other.handle["container"], task.handle["container"]);
});

test("a container of the node that had this folder before is an orphan", { skip }, async (t) => {
  const bench = await startBench(t, underTest);
  const container = running(await start(bench, { args: "sleep 1000" })).handle["container"];
  const env = { DOCKER_HOST: `unix://${engine.socketPath}` };
  const node = "f".repeat(32);
  const other = createDocker({ folder: bench.folder, node, env, log: silentLog });
  t.after(() => other.close());
  assert.ok(other.leftovers !== undefined);
  const found = await other.leftovers.list();
  assert.deepEqual(
    found.map(({ id, service, folder, isOrphan }) => [id, service, folder, isOrphan]),
    [[container, "shop/web", bench.folder, true]],
  );
});

test("a container that does not say whose it is is no orphan", { skip }, async (t) => {
  const bench = await startBench(t, underTest);
  const labels = { "mob.node": "f".repeat(32), "mob.instance": instance, "mob.attempt": "1" };
  const told = Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);
  const made = await engine.docker("create", ...told, busyboxImage, "true");
  t.after(() => engine.docker("rm", "-f", made.trim()));
  const { leftovers } = bench.provider;
  assert.ok(leftovers !== undefined);
  const [found] = await leftovers.list();
  assert.deepEqual([found?.id, found?.isOrphan], [made.slice(0, 12), false]);
  await assert.rejects(leftovers.remove(made.slice(0, 12)), { code: "conflict" });
});

test("a container that somebody removed has ended, and how is unknown", { skip }, async (t) => {
  const bench = await startBench(t, underTest);
  const task = running(await start(bench, { args: "sleep 1000" }));
  await engine.docker("rm", "-f", String(task.handle["container"]));
  const { kind } = (await task.exited).exit;
  assert.ok(kind === "unknown" || kind === "signaled"); // As it was looked at before or after it was gone.
});

test("what somebody has put in a container's place is not taken for it", { skip }, async (t) => {
  const bench = await startBench(t, underTest);
  const task = running(await start(bench, { args: "sleep 1000" }));
  task.release();
  const [{ Name }] = JSON.parse(await engine.docker("inspect", String(task.handle["container"])));
  await engine.docker("rm", "-f", Name.slice(1));
  const stranger = await engine.docker(
    "run",
    "-d",
    "--name",
    Name.slice(1),
    busyboxImage,
    "sleep",
    "1000",
  );
  t.after(() => engine.docker("rm", "-f", stranger.trim()));
  const back = await bench.comeBack();
  for (const container of [String(task.handle["container"]), stranger.slice(0, 12)]) {
    const found = await back.adopt({ instance, attempt: 1, handle: { container } });
    assert.ok("gone" in found && found.exit.kind === "unknown", container);
  }
  await back.remove(instance);
  assert.match(await engine.docker("ps", "-q"), RegExp(stranger.slice(0, 12)));
});

test("a container that was made and never started comes to nothing", { skip }, async (t) => {
  const bench = await startBench(t, underTest);
  const task = running(await start(bench, { args: "sleep 1000" }));
  const shown = await engine.docker("inspect", String(task.handle["container"]));
  const [{ Config, Name }] = JSON.parse(shown);
  await bench.provider.remove(instance);
  const labels = Object.entries(Config.Labels).flatMap(([key, value]) => [
    "--label",
    `${key}=${value}`,
  ]);
  await engine.docker("create", "--name", Name.slice(1), ...labels, busyboxImage, "sleep", "1000");
  const [found] = await bench.provider.list();
  assert.ok(found !== undefined);
  const gone = await bench.provider.adopt(found);
  assert.ok("gone" in gone);
  assert.deepEqual(gone.exit, { kind: "unknown", reason: "it was never started" });
  assert.deepEqual(await bench.provider.list(), []);
});

test("a container that somebody has paused is stopped all the same", { skip }, async (t) => {
  const bench = await startBench(t, underTest);
  const args = ["sh", "-c", "trap 'exit 4' TERM; echo up; while :; do usleep 50000; done"];
  const task = running(await start(bench, { args }));
  await printed(bench, instance, "up");
  await engine.docker("pause", String(task.handle["container"]));
  await task.stop({ signal: "SIGTERM", graceMs: 60_000 });
  assert.deepEqual(await exitOf(task), { kind: "exited", code: 4 });
});

test("a start removes what an earlier one has left running", { skip }, async (t) => {
  const bench = await startBench(t, underTest);
  const left = running(await start(bench, { args: "sleep 1000" }));
  left.release();
  running(await start(bench, { args: "sleep 1000" }, { attempt: 2 }));
  assert.deepEqual(
    (await bench.provider.list()).map(({ attempt }) => attempt),
    [2],
  );
});

test("a line that is longer than the engine's entries is whole", { skip }, async (t) => {
  const bench = await startBench(t, underTest);
  const script = "head -c 100000 /dev/zero | tr '\\0' x; echo é; sleep 1; printf end";
  await exitOf(await start(bench, { args: ["sh", "-c", script] }));
  assert.equal(await printed(bench, instance, "end"), `${"x".repeat(100_000)}é\nend`);
});

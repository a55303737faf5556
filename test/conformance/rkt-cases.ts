/** What pods alone have, as rkt's own list tells it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { asInstanceId } from "../../src/core/ids.ts";
import { parsePods } from "../../src/providers/rkt/command-lines.ts";
import { rktParams } from "../../src/providers/rkt/params.ts";
import { Pods } from "../../src/providers/rkt/pods.ts";
import { eventually } from "../support/eventually.ts";
import { imageVariable, rktVariable } from "../support/rkt-host.ts";
import { type Bench, exitOf, logs, printed, running } from "./provider-bench.ts";

const instance = asInstanceId("0".repeat(16));

/** States and names of the pods below a folder. */
function podsOf({ folder }: Bench) {
  const config = join(folder, "rkt-config");
  const args = [`--dir=${folder}/rkt`, `--local-config=${config}`, `--system-config=${config}`];
  const rkt = `${process.env[rktVariable]}/bin/rkt`;
  const told = execFileSync(rkt, [...args, "list", "--format=json"], { encoding: "utf8" });
  return parsePods(told).map(({ state, task }) => [state, task?.instance, task?.attempt]);
}

/** Starts a pod with parameters of its own, and takes it over. */
async function run({ provider, mark }: Bench, params: object, more: object = {}) {
  const image = process.env[imageVariable];
  const parsed = provider.parseParams({ image, ...params });
  const context = { service: "tested", attempt: 1, env: { TEST_MARK: mark }, logs, ...more };
  const handle = await provider.start(instance, parsed, context);
  return await provider.adopt({ instance, attempt: 1, handle });
}

const sh = (script: string) => ["/bin/sh", "-c", script];

export const rktCases: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  "is the one process, runs on when its owner is killed, and is found and started no second time":
    async (bench) => {
      const owner = await bench.startOwner(1, "echo up; exec sleep 1000");
      await eventually(() => owner.lines[0], "a pod that runs");
      await owner.kill();
      await printed(bench, instance, "up");
      assert.deepEqual(podsOf(bench), [["running", instance, 1]]);
      const provider = await bench.comeBack();
      const [found] = await provider.list();
      const again = await run({ ...bench, provider }, { command: "/bin/true" });
      const task = running(again);
      assert.deepEqual(task.handle, found?.handle);
      const root = readlinkSync(`/proc/${found?.handle["pid"]}/root`);
      assert.match(root, /\/rkt\/pods\/run\/.*rootfs$/);
      assert.deepEqual(podsOf(bench), [["running", instance, 1]]);
      await task.stop({ signal: "SIGTERM", graceMs: 0 });
      assert.deepEqual(podsOf(bench), [["exited", instance, 1]]);
      await provider.forget(instance, 1);
      assert.deepEqual(podsOf(bench), []);
    },

  "that was prepared and never started is removed by the next start, and no other is": async (
    bench,
  ) => {
    const other = await bench.run("exec sleep 1000", asInstanceId("1".repeat(16)));
    // As a node leaves it that is killed between the two.
    const { PATH = "" } = process.env;
    const pods = new Pods(bench.folder, { PATH: `${process.env[rktVariable]}/bin:${PATH}` });
    const params = rktParams.parse({ image: process.env[imageVariable], command: "/bin/true" });
    await pods.prepare({ instance, attempt: 1 }, params, { env: {} });
    assert.equal(podsOf(bench).length, 2);
    const provider = await bench.comeBack();
    const command = sh("exec sleep 1000");
    const task = running(await run({ ...bench, provider }, { command }));
    const left = [
      ["running", instance, 1],
      ["running", other.instance, 1],
    ];
    await eventually(() => podsOf(bench).every(([state]) => state === "running"), "both to run");
    assert.deepEqual(podsOf(bench).sort(), left);
    await task.stop({ signal: "SIGKILL", graceMs: 0 });
  },

  "is gone with its instance, and leaves images alone": async (bench) => {
    await bench.run("exec sleep 1000", instance);
    await exitOf((await bench.run("exit 1", instance, 2)).task);
    assert.equal(podsOf(bench).length, 2);
    await bench.provider.remove(instance);
    await bench.provider.remove(instance);
    assert.deepEqual(podsOf(bench), []);
    assert.deepEqual(readdirSync(join(bench.folder, "instances")), []);
    assert.deepEqual(readdirSync(join(bench.folder, "rkt-env")), []);
  },

  "has its mounts where nobody else finds them": async (bench) => {
    const volumes = [`${bench.folder}:/found`, "/etc:/read:ro"];
    const command = sh(
      "ls /proc/self && touch /found/written && ! touch /read/x && exec sleep 1000",
    );
    running(await run(bench, { command, volumes }));
    await eventually(() => existsSync(join(bench.folder, "written")), "its file");
    assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(bench.folder));
  },

  "has the environment, the user and the folder that it is given, and so has a command in it":
    async (bench) => {
      const env = { TEST_MARK: bench.mark, LINES: "a\nb=c", SPACES: " x  y ", EMPTY: "" };
      const tell = 'echo "$LINES|$SPACES|$EMPTY|$(id -u):$(id -g)|$(pwd)"';
      const params = { command: sh(`${tell}; exec sleep 1000`), user: "1000:100", cwd: "/etc" };
      const task = running(await run(bench, params, { env }));
      const told = "a\nb=c| x  y ||1000:100|/etc\n";
      assert.equal(await printed(bench, instance, "/etc"), told);
      let output = "";
      const parsed = bench.provider.parseParams({ image: "/a.aci", ...params });
      const exit = await bench.provider.exec?.(
        { instance, attempt: 1, handle: task.handle },
        {
          command: ["sh", "-c", tell],
          params: parsed,
          env,
          signal: new AbortController().signal,
          output: (bytes) => {
            output += Buffer.from(bytes).toString();
          },
        },
      );
      assert.deepEqual([exit, output], [{ kind: "exited", code: 0 }, told]);
    },

  "has no network where it wants none": async (bench) => {
    await exitOf(await run(bench, { command: sh("wc -l </proc/net/dev"), network: "none" }));
    // Two lines of heading, and the loopback.
    assert.match(await printed(bench, instance, "\n"), /^3\n/);
  },

  "has the service's volumes, and is refused where one of its folders would be in another": async (
    bench,
  ) => {
    const data = join(bench.folder, "a, b;c=%41");
    mkdirSync(data);
    const volumes = [{ name: "data", folder: data, at: "/srv/the data" }];
    const command = sh("echo kept >'/srv/the data/lines'");
    assert.deepEqual(await exitOf(await run(bench, { command }, { volumes })), {
      kind: "exited",
      code: 0,
    });
    assert.equal(readFileSync(join(data, "lines"), "utf8"), "kept\n");
    const inIt = run(bench, { command, volumes: ["/etc:/srv"] }, { volumes, attempt: 2 });
    const refused = { code: "unavailable", message: /^volumes: \/srv\/the data is in \/srv/ };
    await assert.rejects(inIt, refused);
    assert.deepEqual(podsOf(bench), [["exited", instance, 1]]);
  },

  "comes from an image by URL too, with its start telling so": async (bench) => {
    const bytes = await readFile(process.env[imageVariable] ?? "");
    const server = createServer((_request, response) => response.end(bytes));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const image = `http://127.0.0.1:${port}/busybox.aci`;
      const told: string[] = [];
      const more = { progress: (text: string) => told.push(text) };
      const task = await run(bench, { image, command: sh("exit 6") }, more);
      assert.deepEqual(await exitOf(task), { kind: "exited", code: 6 });
      assert.deepEqual(told, [`fetching ${image}`]);
    } finally {
      server.close();
    }
  },

  "is told why it cannot be started, and is not there then": async (bench) => {
    const wrong = (params: object) => run(bench, { command: "/bin/true", ...params });
    const missing = { code: "unavailable", message: /^params\.image: \/no\/image does not exist/ };
    await assert.rejects(wrong({ image: "/no/image" }), missing);
    const file = join(bench.folder, "no.aci");
    writeFileSync(file, "no image");
    await assert.rejects(wrong({ image: file }), {
      code: "unavailable",
      message: /^params\.image: ./,
    });
    assert.deepEqual(await bench.provider.list(), []);
    assert.ok(!existsSync(join(bench.folder, "rkt/pods")) || podsOf(bench).length === 0);
  },
};

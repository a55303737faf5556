import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { errorIn } from "../../../src/api/error-envelope.ts";
import type { StartNode } from "../../../src/cli/commands/up.ts";
import type { Io } from "../../../src/cli/io.ts";
import { greeting } from "../../../src/cli/node-messages.ts";
import { runMob } from "../../../src/cli/program.ts";
import { Unavailable } from "../../../src/core/errors.ts";
import { presets } from "../../../src/membership/options.ts";
import { withApi } from "../../support/api-server.ts";
import { eventually } from "../../support/eventually.ts";
import { memoryCommands } from "../../support/memory-commands.ts";
import { type MemoryIo, memoryIo } from "../../support/memory-io.ts";
import { type Signal, signal } from "../../support/signal.ts";

type NodeOptions = Parameters<StartNode>[0];

interface Trial {
  readonly io: MemoryIo;
  readonly port: number;
  /** What the node was started with. */
  readonly asked: NodeOptions[];
  /** Given by the test: the node stops by itself. */
  readonly stopped: Signal;
  /** Given by the test, when `slowStop`: the node has ended after it was told to. */
  readonly ended: Signal;
  readonly code: Promise<number>;
}

/** Runs `mob` with these arguments; the node it starts is a server of commands in memory. */
async function start(
  args: string[],
  body: (trial: Trial) => Promise<void>,
  given: { io?: Partial<Io>; running?: string[]; slowStop?: boolean } = {},
): Promise<void> {
  await withApi(memoryCommands(), async ({ address: { port }, at }) => {
    const io = memoryIo(given.io);
    const asked: NodeOptions[] = [];
    const stopped = signal();
    const ended = signal();
    const startNode: StartNode = async (options) => {
      asked.push(options);
      return {
        name: `${port}@box`,
        address: `127.0.0.1:${port}`,
        socketPath: at.socketPath,
        providers: { offered: ["bash"], refused: [{ type: "docker", reason: "not installed" }] },
        stopped: stopped.promise,
        async stop() {
          if (given.slowStop === true) await ended.promise;
          return { running: given.running ?? [] };
        },
      };
    };
    const code = runMob([...args, "-p", String(port)], io, startNode);
    await body({ io, port, asked, stopped, ended, code });
  });
}

const isUp = (io: MemoryIo) => eventually(() => io.out().includes("is up on"), "the greeting");

test("`mob` alone starts a node and says what it is, what it offers and what not", async () => {
  await start([], async ({ io, port, stopped, code }) => {
    await isUp(io);
    stopped.give();
    assert.equal(await code, 0);
    const [first, ...rest] = io.out().split("\n");
    assert.match(
      first ?? "",
      new RegExp(`^${port}@box is up on 127.0.0.1:${port}, in one network`),
    );
    assert.deepEqual(rest.slice(0, 2), ["providers: bash", "not offered: docker: not installed"]);
  });
});

test("the options reach the node, its data in a folder named after the port", async () => {
  const args = [
    "-P",
    "docker,bash",
    "--registry-logins",
    "/logins.json",
    "--name",
    "n",
    "--label",
    "a=1",
    "--label",
    "b=2=3",
  ];
  const joins = ["--join", "127.0.0.1:1", "--join", "127.0.0.1:2"];
  const io = { env: { MOB_HOME: "/mob-home" } };
  await start(
    [
      ...args,
      ...joins,
      "--weight",
      "0.5",
      "--capacity",
      "memory=2GB,cpu=1.5",
      "--log-level",
      "warn",
    ],
    async ({ io, port, asked, stopped, code }) => {
      await isUp(io);
      stopped.give();
      await code;
      assert.deepEqual(asked, [
        {
          port,
          name: "n",
          dataFolder: join("/mob-home", String(port)),
          runFolder: "/mob-home/run",
          networkKeyFile: "/mob-home/network.key",
          providers: ["docker", "bash"],
          registryLogins: "/logins.json",
          join: ["127.0.0.1:1", "127.0.0.1:2"],
          labels: { a: "1", b: "2=3" },
          weight: 0.5,
          capacity: { memoryBytes: 2e9, milliCpus: 1_500 },
          logLevel: "warn",
          env: { MOB_HOME: "/mob-home" },
          logTo: "stderr",
        },
      ]);
    },
    { io },
  );
});

test("tasks inherit the node's environment, but for what its launcher set for the node alone", async () => {
  const cases: readonly (readonly [Record<string, string>, Record<string, string>])[] = [
    [{ A: "1", MALLOC_ARENA_MAX: "1", MOB_SET_ARENAS: "1" }, { A: "1" }],
    [
      { A: "1", MALLOC_ARENA_MAX: "7" },
      { A: "1", MALLOC_ARENA_MAX: "7" },
    ],
    [
      {
        A: "1",
        npm_lifecycle_event: "start",
        INIT_CWD: "/",
        PATH: "/a/node_modules/.bin:/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin:/usr/bin",
      },
      { A: "1", PATH: "/usr/bin" },
    ],
    [
      { A: "1", PATH: "/a/node_modules/.bin:/bin" },
      { A: "1", PATH: "/a/node_modules/.bin:/bin" },
    ],
  ];
  for (const [env, expected] of cases) {
    await start(
      [],
      async ({ io, asked, stopped, code }) => {
        await isUp(io);
        stopped.give();
        await code;
        assert.deepEqual(asked[0]?.env, expected);
      },
      { io: { env } },
    );
  }
});

test("a node that was told to join says where it looks, and takes no address that is none", async () => {
  const node = { name: "n", address: "127.0.0.1:1", providers: { offered: [], refused: [] } };
  assert.match(
    greeting(node, [], ["127.0.0.1:2"], (_, text) => text),
    /its network at 127.0.0.1:2/,
  );
  const never: StartNode = () => Promise.reject(new Unavailable("started"));
  assert.equal(await runMob(["--join", "foo"], memoryIo(), never), 2);
  assert.equal(await runMob(["--name", "a b"], memoryIo(), never), 2);
});

test("a signal stops it, and it says which services run on and how to stop them", async () => {
  await start(
    ["up"],
    async ({ io, port, code }) => {
      await isUp(io);
      io.signal("SIGTERM");
      assert.equal(await code, 0);
      assert.match(io.out(), /has stopped; its 2 services run on without it: web shop\/db\n/);
      assert.match(io.out(), new RegExp(`mob stop -p ${port} web shop\n$`));
      assert.deepEqual(io.exits, []);
    },
    { running: ["web", "shop/db", "shop/db"] },
  );
});

test("a second signal, while it stops, ends the process at once", async () => {
  await start(
    ["up"],
    async ({ io, ended, code }) => {
      await isUp(io);
      io.signal("SIGINT");
      await eventually(() => {
        if (io.exits.length === 0) io.signal("SIGINT");
        return io.exits.length > 0;
      }, "the process is ended");
      assert.deepEqual(io.exits, [130]);
      ended.give();
      await code;
    },
    { slowStop: true },
  );
});

test("a detached node tells its parent when it is up, and why it is not", async () => {
  const told: object[] = [];
  const io = { tellParent: (message: object) => told.push(message) };
  await start(
    ["up", "--detached"],
    async ({ io, stopped, code }) => {
      await isUp(io);
      stopped.give();
      await code;
    },
    { io },
  );
  const taken = new Unavailable("port 6666 is taken");
  const failing = memoryIo(io);
  assert.equal(await runMob(["up", "--detached"], failing, () => Promise.reject(taken)), 1);
  assert.match(failing.err(), /port 6666 is taken/);
  assert.match(JSON.stringify(told[0]), /hello.*is up on/);
  assert.equal(errorIn(told[1])?.code, "unavailable");
});

test("the node is started with the membership that was asked for, and else with its default", async () => {
  const cases = [
    { args: [], expected: undefined },
    { args: ["--membership", "wan,probeMs=3000"], expected: { ...presets.wan, probeMs: 3_000 } },
  ];
  for (const { args, expected } of cases) {
    await start(args, async ({ io, asked, stopped, code }) => {
      await isUp(io);
      stopped.give();
      await code;
      assert.deepEqual(asked[0]?.membership, expected);
    });
  }
});

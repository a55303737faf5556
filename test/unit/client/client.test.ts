import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { LogChunk } from "../../../src/api/commands.ts";
import { apiHeader, apiVersion } from "../../../src/api/paths.ts";
import { type Client, createClient } from "../../../src/client/client.ts";
import type { Endpoint } from "../../../src/client/endpoint.ts";
import { Conflict, errorShape, Unreachable } from "../../../src/core/errors.ts";
import { withApi } from "../../support/api-server.ts";
import {
  aNode,
  anInstance,
  aTree,
  chunksOf,
  memoryCommands,
} from "../../support/memory-commands.ts";
import { signal } from "../../support/signal.ts";

const never = new AbortController().signal;
const read = { tail: 100, follow: false } as const;

async function withClient(
  commands: ReturnType<typeof memoryCommands>,
  body: (client: Client) => Promise<void>,
): Promise<void> {
  await withApi(commands, async ({ endpoint }) => {
    const client = createClient(endpoint);
    await body(client).finally(() => client.close());
  });
}

/** Runs `body` against a server that is no node of ours. */
async function withServer(server: Server, body: (endpoint: Endpoint) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), "mob-client-"));
  const socketPath = join(folder, "api.sock");
  server.listen(socketPath);
  await once(server, "listening");
  await body({ kind: "local", port: 6666, socketPath }).finally(() => server.close());
  await rm(folder, { recursive: true });
}

const httpServer = (listener: RequestListener) => createServer({ keepAlive: false }, listener);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error) => errorShape(error).code,
  );

test("every command goes through and its answer comes back", async () => {
  await withClient(memoryCommands(), async (client) => {
    assert.deepEqual(await client.nodes(), [aNode]);
    assert.equal((await client.join("127.0.0.1:7777"))[1]?.address, "127.0.0.1:7777");
    assert.deepEqual(await client.services(), [anInstance]);
    assert.equal((await client.show("shop/web")).name, "shop/web");
    assert.equal((await client.deploy([{ name: "web" }]))[0]?.result, "created");
    assert.equal((await client.act("stop", ["web"]))[0]?.state, "stopped");
    assert.equal((await client.providers()).length, 2);
    assert.deepEqual(await client.actors(), aTree);
    assert.equal((await client.actor("mob/controller")).path, "mob/controller");
    assert.equal((await client.shutdown()).pid, 42);
    assert.equal((await client.version()).api, 1);
  });
});

test("arguments arrive as given, names of nodes and actors with odd characters too", async () => {
  const asked: unknown[] = [];
  const plain = memoryCommands();
  const commands = memoryCommands({
    actors(node) {
      asked.push(node);
      return plain.actors(node);
    },
    actor(target, node) {
      asked.push([target, node]);
      return plain.actor(target, node);
    },
  });
  await withClient(commands, async (client) => {
    await client.actors();
    await client.actors("6666@böx & co");
    await client.actor("mob/a?b=c", "n");
    assert.deepEqual(asked, [undefined, "6666@böx & co", ["mob/a?b=c", "n"]]);
  });
});

test("a refusal keeps the node's code, message and details", async () => {
  const details = [{ path: "services[0]", message: "requires itself" }];
  const refused = new Conflict("a cycle", { details });
  await withClient(memoryCommands({ deploy: () => Promise.reject(refused) }), async (client) => {
    await assert.rejects(client.deploy([{}]), { code: "conflict", message: "a cycle", details });
  });
});

test("no node there: unreachable, with how to start one", async () => {
  const gone: Endpoint[] = [];
  await withServer(
    httpServer(() => {}),
    async (endpoint) => {
      gone.push(endpoint);
    },
  );
  for (const endpoint of gone) {
    const nothing = createClient(endpoint).deploy([{}]);
    await assert.rejects(nothing, (error: Unreachable) => {
      assert.ok(error instanceof Unreachable);
      assert.ok(error.message.includes(`no node answers at 127.0.0.1:6666`));
      assert.ok(error.message.includes(`mob -p 6666`));
      return true;
    });
  }
});

test("something else on the port is told from a node", async () => {
  await withServer(
    httpServer((_request, answer) => answer.end("<html>")),
    async (endpoint) => assert.equal(await codeOf(createClient(endpoint).nodes()), "unreachable"),
  );
});

test("a write whose connection breaks has an unknown outcome, a read is just unanswered", async () => {
  const cuts = createTcpServer((socket) => socket.once("data", () => socket.destroy()));
  await withServer(cuts, async (endpoint) => {
    const client = createClient(endpoint);
    assert.equal(await codeOf(client.act("stop", ["web"])), "outcome_unknown");
    assert.equal(await codeOf(client.services()), "unreachable");
  });
});

test("so it is when the connection was kept from an earlier request", async () => {
  let requests = 0;
  const cutsLater = createServer((asked, answer) => {
    requests += 1;
    if (requests > 1) asked.socket.destroy();
    else answer.setHeader("mob-api", "1").end("[]");
  });
  await withServer(cutsLater, async (endpoint) => {
    const client = createClient(endpoint);
    await client.nodes();
    assert.equal(await codeOf(client.act("stop", ["web"])), "outcome_unknown");
    client.close();
  });
});

test("a write that is not answered in time has an unknown outcome", async () => {
  const sockets: { destroy(): void }[] = [];
  const mute = createTcpServer((socket) => sockets.push(socket));
  await withServer(mute, async (endpoint) => {
    const client = createClient(endpoint, { readTimeoutMs: 50, writeTimeoutMs: 50 });
    assert.equal(await codeOf(client.deploy([{}])), "outcome_unknown");
    assert.equal(await codeOf(client.nodes()), "unreachable");
    for (const socket of sockets) socket.destroy();
  });
});

test("an answer that breaks off in the middle is no answer", async () => {
  const half = httpServer((_request, answer) => {
    answer.setHeader("mob-api", "1").setHeader("content-length", "100");
    answer.write("[", () => answer.destroy());
  });
  await withServer(half, async (endpoint) => {
    assert.equal(await codeOf(createClient(endpoint).nodes()), "unreachable");
  });
});

test("logs come through byte by byte, with what was skipped", async () => {
  const bytes = Buffer.from([0, 10, 255, 123, 10, 10]);
  const chunks: LogChunk[] = [
    { name: "web", slot: 0, node: "a", bytes, skipped: 7 },
    { name: "web", slot: 1, node: "b", bytes: Buffer.from("{}\n") },
  ];
  await withClient(memoryCommands({ logs: async () => chunksOf(chunks) }), async (client) => {
    const got: LogChunk[] = [];
    for await (const chunk of await client.logs("web", read, never)) got.push(chunk);
    assert.deepEqual(got, chunks);
  });
});

test("an error in the middle of the logs comes after what was sent before it", async () => {
  async function* broken(): AsyncGenerator<LogChunk> {
    yield { name: "web", slot: 0, node: "a", bytes: Buffer.from("one\n") };
    throw new Unreachable("node a is gone");
  }
  await withClient(memoryCommands({ logs: async () => broken() }), async (client) => {
    const chunks = (await client.logs("web", read, never))[Symbol.asyncIterator]();
    assert.equal(String((await chunks.next()).value.bytes), "one\n");
    await assert.rejects(chunks.next(), { code: "unreachable", message: "node a is gone" });
  });
});

test("following a silent service begins at once, and aborting ends it quietly", async () => {
  const ended = signal();
  // biome-ignore lint/correctness/useYield: a silent service has nothing to yield.
  async function* silent(aborted: AbortSignal): AsyncGenerator<LogChunk> {
    await once(aborted, "abort");
    ended.give();
  }
  const commands = memoryCommands({ logs: async (_name, _options, aborted) => silent(aborted) });
  await withClient(commands, async (client) => {
    const reader = new AbortController();
    const chunks = await client.logs("web", { tail: 1, follow: true }, reader.signal);
    const next = chunks[Symbol.asyncIterator]().next();
    reader.abort();
    assert.equal((await next).done, true);
    await ended.promise;
  });
});

test("a connection that is used again and again gathers nothing", async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error) => warnings.push(name);
  process.on("warning", note);
  try {
    await withClient(memoryCommands(), async (client) => {
      for (let i = 0; i < 12; i++) await client.nodes();
    });
    await new Promise((told) => setImmediate(told));
  } finally {
    process.off("warning", note);
  }
  assert.deepEqual(warnings, []);
});

test("an idle connection is dropped before the node would close it, under a request maybe", async () => {
  const server = createServer({ keepAliveTimeout: 2_000 }, (_request, response) => {
    response.writeHead(200, { [apiHeader]: apiVersion }).end("{}");
  });
  const ended = new Promise((resolve) => {
    server.once("connection", (socket) => {
      socket.once("end", () => resolve("by the client"));
      socket.once("close", () => resolve("by the server"));
    });
  });
  await withServer(server, async (endpoint) => {
    const client = createClient(endpoint);
    await client.version();
    assert.equal(await ended, "by the client");
    client.close();
  });
});

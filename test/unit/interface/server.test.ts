import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { Commands } from "../../../src/api/commands.ts";
import { Conflict } from "../../../src/core/errors.ts";
import { type Log, silentLog } from "../../../src/core/log.ts";
import { withApi } from "../../support/api-server.ts";
import { aNode, aVolume, memoryCommands } from "../../support/memory-commands.ts";
import { signal } from "../../support/signal.ts";

interface Sent {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

async function ask(at: object, path: string, { method = "GET", body, headers }: Sent = {}) {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  const sent = request({
    ...at,
    path,
    method,
    headers: { ...json, ...headers },
    agent: false,
  });
  sent.end(body);
  const [answer] = await once(sent, "response");
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: JSON.parse(await text(answer)),
  };
}

const post = (body: unknown, headers: Record<string, string> = {}): Sent => ({
  method: "POST",
  body: JSON.stringify(body),
  headers,
});

test("answers a command's value as JSON, with the header that tells a node", async () => {
  await withApi(memoryCommands(), async ({ at }) => {
    const answer = await ask(at, "/v1/nodes");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["mob-api"], "1");
    assert.deepEqual(answer.body, [aNode]);
  });
});

test("a name with a slash reaches the command whole", async () => {
  await withApi(memoryCommands(), async ({ at }) => {
    const answer = await ask(at, "/v1/services/shop%2Fweb");
    assert.equal(answer.body.name, "shop/web");
  });
});

test("a method that no route has is a 404 that says so, whatever its body", async () => {
  await withApi(memoryCommands(), async ({ at }) => {
    for (const method of ["DELETE", "PUT"]) {
      const { status, body } = await ask(at, "/v1/services/web", { method });
      assert.equal(status, 404);
      assert.match(body.error.message, new RegExp(`${method} .*/v1/services/web`));
    }
  });
});

test("a list is of the services that its query names, one, several or all", async () => {
  const asked: unknown[] = [];
  const services: Commands["services"] = async (names) => {
    asked.push(names);
    return [];
  };
  await withApi(memoryCommands({ services }), async ({ at }) => {
    for (const query of ["", "?service=web", "?service=web%2F1&service=shop"])
      assert.equal((await ask(at, `/v1/services${query}`)).status, 200);
    assert.deepEqual(asked, [undefined, ["web"], ["web/1", "shop"]]);
    const refused = await ask(at, "/v1/services?name=web");
    assert.equal(refused.status, 400);
    assert.equal(refused.body.error.details[0].path, "name");
  });
});

test("a node is forgotten by its name, and one that is not there is not", async () => {
  await withApi(memoryCommands(), async ({ at }) => {
    const forget = (node: string) => ask(at, "/v1/nodes/forget", post({ node }));
    assert.deepEqual((await forget("7777@box")).body, [aNode]);
    assert.equal((await forget("8888@box")).status, 404);
  });
});

test("a volume is listed, and removed by its name", async () => {
  await withApi(memoryCommands(), async ({ at }) => {
    assert.deepEqual((await ask(at, "/v1/volumes")).body, [aVolume]);
    const remove = (body: object) => ask(at, "/v1/volumes/remove", post(body));
    assert.equal((await remove({ name: "data" })).body.deleted, true);
    assert.equal((await remove({ name: "nope" })).status, 404);
    assert.equal((await remove({ volume: "data" })).status, 400);
  });
});

test("a node that is to leave answers who it is, as it is about to stop", async () => {
  await withApi(memoryCommands(), async ({ at }) => {
    const answer = await ask(at, "/v1/node/leave", post({}));
    assert.deepEqual(answer.body, { name: "6666@box", pid: 42, running: [] });
  });
});

test("a body of the wrong shape is refused with every error and its path", async () => {
  await withApi(memoryCommands(), async ({ at }) => {
    const answer = await ask(at, "/v1/services/stop", post({ names: [3, ""], force: true }));
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error.code, "bad_request");
    const paths = answer.body.error.details.map(({ path }: { path: string }) => path);
    assert.deepEqual(paths.sort(), ["force", "names[0]", "names[1]"]);
  });
});

test("an unknown query parameter is refused, not ignored", async () => {
  await withApi(memoryCommands(), async ({ at }) => {
    const answer = await ask(at, "/v1/services/web/logs?tial=5");
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error.details[0].path, "tial");
  });
});

test("a command's error keeps its code and gets a fitting status", async () => {
  const commands = memoryCommands({
    deploy: () =>
      Promise.reject(new Conflict("a cycle", { details: [{ path: "a", message: "b" }] })),
  });
  await withApi(commands, async ({ at }) => {
    const conflict = await ask(at, "/v1/deploy", post({ documents: [{}] }));
    assert.equal(conflict.status, 409);
    const details = [{ path: "a", message: "b" }];
    assert.deepEqual(conflict.body, { error: { code: "conflict", message: "a cycle", details } });
    const missing = await ask(at, "/v1/services/nope");
    assert.equal(missing.status, 404);
    assert.equal(missing.body.error.code, "not_found");
  });
});

test("a bug is answered as internal without its stack, and logged with it", async () => {
  const logged: unknown[] = [];
  const log: Log = { ...silentLog, error: (_message, fields) => logged.push(fields?.["error"]) };
  const bug = new TypeError("undefined is not a function");
  const commands = memoryCommands({ nodes: () => Promise.reject(bug) });
  await withApi(
    commands,
    async ({ at }) => {
      const answer = await ask(at, "/v1/nodes");
      assert.equal(answer.status, 500);
      assert.equal(answer.body.error.code, "internal");
      assert.ok(!JSON.stringify(answer.body).includes("server.test.ts"));
      assert.deepEqual(logged, [bug]);
    },
    { log },
  );
});

test("what is not JSON, too large or not there is answered in the one form of errors", async () => {
  await withApi(memoryCommands(), async ({ at }) => {
    const broken = await ask(at, "/v1/deploy", { ...post({}), body: "{" });
    assert.equal(broken.status, 400);
    assert.equal(broken.body.error.code, "bad_request");
    const large = connect(at.socketPath); // The head is enough: what follows is not waited for.
    large.write("POST /v1/deploy HTTP/1.1\r\nhost: localhost\r\n");
    large.write("content-type: application/json\r\ncontent-length: 1048577\r\n\r\n");
    assert.match(await text(large), /^HTTP\/1\.1 413 .*"bad_request"/s);
    const nowhere = await ask(at, "/v1/nothing");
    assert.equal(nowhere.status, 404);
    assert.equal(nowhere.body.error.code, "not_found");
  });
});

test("bytes that are no HTTP are answered and cut, and others are served on", async () => {
  await withApi(memoryCommands(), async ({ at }) => {
    const socket = connect(at.socketPath);
    socket.write("\u0000\u0001 junk\r\n\r\n");
    assert.match(await text(socket), /^HTTP\/1\.1 400 .*"bad_request"/s);
    assert.equal((await ask(at, "/v1/version")).status, 200);
  });
});

test("a client whose headers do not come in time is cut", async () => {
  await withApi(
    memoryCommands(),
    async ({ at }) => {
      const socket = connect(at.socketPath);
      socket.write("GET /v1/nodes HTTP/1.1\r\nhost: 127.0.0.1\r\n");
      assert.match(await text(socket), /^HTTP\/1\.1 4/);
    },
    { headersTimeoutMs: 200 },
  );
});

test("closing lets a request that runs be answered, and cuts idle connections", {
  timeout: 120_000,
}, async () => {
  const asked = signal();
  const answer = signal();
  const commands = memoryCommands({
    async nodes() {
      asked.give();
      await answer.promise;
      return [aNode];
    },
  });
  await withApi(
    commands,
    async ({ at, api }) => {
      const idle = connect(at.socketPath);
      const busy = connect(at.socketPath);
      busy.write("GET /v1/nodes HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
      await asked.promise;
      const closed = api.close();
      assert.equal(await text(idle), "");
      answer.give();
      assert.match(await text(busy), /^HTTP\/1\.1 200 .*6666@box/s);
      await closed;
    },
    { closeGraceMs: 600_000 },
  );
});

import assert from "node:assert/strict";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { WatchOptions } from "../../../src/api/commands.ts";
import { createClient } from "../../../src/client/client.ts";
import { Unavailable } from "../../../src/core/errors.ts";
import { withApi } from "../../support/api-server.ts";
import { aChange, memoryCommands } from "../../support/memory-commands.ts";
import { signal } from "../../support/signal.ts";

const never = new AbortController().signal;

function get(at: object, path: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    request({ ...at, path, agent: false }, async (answer) => {
      resolve({ status: answer.statusCode, body: await text(answer) });
    })
      .once("error", reject)
      .end();
  });
}

test("a watch is a line of JSON a change, of all services or of those named", async () => {
  const asked: WatchOptions[] = [];
  const watch = async (options: WatchOptions) => {
    asked.push(options);
    return (async function* () {
      yield [aChange, aChange];
    })();
  };
  await withApi(memoryCommands({ watch }), async ({ at }) => {
    const answer = await get(at, "/v1/watch");
    assert.equal(answer.body, `${JSON.stringify(aChange)}\n`.repeat(2));
    await get(at, "/v1/watch?service=web");
    await get(at, "/v1/watch?service=web&service=db");
    assert.deepEqual(asked, [{}, { services: ["web"] }, { services: ["web", "db"] }]);
    assert.equal((await get(at, "/v1/watch?name=web")).status, 400);
  });
});

test("what was told of very many keys is taken", async () => {
  const told = Array.from({ length: 50_000 }, (_, n) => ({
    key: `status/service-${n}/0123456789abcdef`,
    stamp: aChange.stamp,
    removed: false,
  }));
  const got: WatchOptions[] = [];
  const watch = async (options: WatchOptions) => {
    got.push(options);
    return (async function* () {})();
  };
  await withApi(memoryCommands({ watch }), async ({ endpoint }) => {
    const client = createClient(endpoint);
    for await (const _ of await client.watch({ told }, never)) assert.fail();
    client.close();
    assert.deepEqual(got[0]?.told, told);
  });
});

test("an error in the middle reaches the client, and a client that leaves ends the watch", async () => {
  const left = signal();
  let isOpen = false;
  const watch = async (_: WatchOptions, until: AbortSignal) =>
    (async function* () {
      yield [aChange];
      if (!isOpen) throw new Unavailable("it is stopping");
      await new Promise<void>((resolve) => until.addEventListener("abort", () => resolve()));
      left.give();
    })();
  await withApi(memoryCommands({ watch }), async ({ endpoint }) => {
    const client = createClient(endpoint);
    const all = async () => {
      for await (const changes of await client.watch({}, never)) assert.equal(changes.length, 1);
    };
    await assert.rejects(all(), { code: "unavailable", message: "it is stopping" });
    isOpen = true;
    const leave = new AbortController();
    for await (const _ of await client.watch({}, leave.signal)) leave.abort();
    await left.promise;
    client.close();
  });
});

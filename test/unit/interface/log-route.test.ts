import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import type { Commands, LogOptions } from "../../../src/api/commands.ts";
import { NotFound } from "../../../src/core/errors.ts";
import { type ApiServer, withApi } from "../../support/api-server.ts";
import { memoryCommands } from "../../support/memory-commands.ts";
import { signal } from "../../support/signal.ts";

const from = { name: "web", slot: 0, node: "6666@box" };

async function open(at: ApiServer["at"], path: string): Promise<IncomingMessage> {
  const sent = request({ ...at, path, agent: false });
  sent.end();
  const [answer] = await once(sent, "response");
  return answer;
}

/** Chunks of 64 KiB without end, until aborted; `produced` counts them. */
function endless(): { logs: Commands["logs"]; produced: () => number; ended: Promise<void> } {
  let produced = 0;
  const ended = signal();
  async function* chunks(aborted: AbortSignal) {
    try {
      while (!aborted.aborted) {
        produced += 1;
        yield { ...from, bytes: Buffer.alloc(64 * 1024, "x") };
      }
    } finally {
      ended.give();
    }
  }
  return {
    logs: async (_name, _options, aborted) => chunks(aborted),
    produced: () => produced,
    ended: ended.promise,
  };
}

/** Never yields anything, as a silent service that is followed; ends when aborted. */
function silent(): { logs: Commands["logs"]; begun: Promise<void>; ended: Promise<void> } {
  const begun = signal();
  const ended = signal();
  // biome-ignore lint/correctness/useYield: it has nothing to say, which is the point.
  async function* nothing(aborted: AbortSignal): ReturnType<typeof chunk> {
    begun.give();
    await once(aborted, "abort");
    ended.give();
  }
  async function* chunk() {
    yield { ...from, bytes: Buffer.alloc(0) };
  }
  return {
    logs: async (_name, _options, aborted) => nothing(aborted),
    begun: begun.promise,
    ended: ended.promise,
  };
}

test("the query says what is wanted, and a hundred lines are the default", async () => {
  const asked: LogOptions[] = [];
  const plain = memoryCommands();
  const commands = memoryCommands({
    logs(name, options, aborted) {
      asked.push(options);
      return plain.logs(name, options, aborted);
    },
  });
  await withApi(commands, async ({ at }) => {
    await buffer(await open(at, "/v1/services/web/logs"));
    await buffer(await open(at, "/v1/services/web/logs?tail=all&follow=true&slot=2"));
    assert.deepEqual(asked, [
      { tail: 100, follow: false },
      { tail: "all", follow: true, slot: 2 },
    ]);
  });
});

test("a service that is not there is a 404, before the stream begins", async () => {
  const commands = memoryCommands({ logs: () => Promise.reject(new NotFound("no web")) });
  await withApi(commands, async ({ at }) => {
    const answer = await open(at, "/v1/services/web/logs");
    assert.equal(answer.statusCode, 404);
    answer.resume();
  });
});

test("a reader that stops reading stops the producer, however much there is", {
  timeout: 120_000,
}, async () => {
  const { logs, produced, ended } = endless();
  await withApi(memoryCommands({ logs }), async ({ at }) => {
    const answer = await open(at, "/v1/services/web/logs?follow=true");
    answer.pause();
    // The producer has stalled once nothing was produced over many turns of the event loop.
    for (let last = -1; last !== produced(); ) {
      last = produced();
      for (let turn = 0; turn < 200; turn++) await new Promise((next) => setImmediate(next));
    }
    const bytes = produced() * 64 * 1024;
    assert.ok(bytes < 32 * 1024 * 1024, `${bytes} bytes were read for a reader that takes none`);
    answer.destroy();
    await ended;
  });
});

test("a client that goes ends the reading of a silent service", { timeout: 120_000 }, async () => {
  const { logs, begun, ended } = silent();
  await withApi(memoryCommands({ logs }), async ({ at }) => {
    const sent = request({ ...at, path: "/v1/services/web/logs?follow=true", agent: false });
    sent.on("error", () => {});
    sent.end();
    await begun;
    sent.destroy();
    await ended;
  });
});

test("closing the API ends a stream that follows, well before the grace", {
  timeout: 120_000,
}, async () => {
  const { logs, begun, ended } = silent();
  await withApi(
    memoryCommands({ logs }),
    async ({ at, api }) => {
      const opening = open(at, "/v1/services/web/logs?follow=true");
      await begun;
      await api.close();
      await ended;
      await buffer(await opening);
    },
    { closeGraceMs: 600_000 },
  );
});

/**
 * Bodies and queries of every kind for every route: whatever comes is answered, by a refusal or by
 * doing it, and never as a bug. MOB_FUZZ_RUNS asks for more.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import fc from "fast-check";
import { routeAccess } from "../../../src/interface/route-access.ts";
import { withApi } from "../../support/api-server.ts";
import { fuzzRuns } from "../../support/fuzz-runs.ts";
import { memoryCommands } from "../../support/memory-commands.ts";

const field = fc.constantFrom(
  "documents",
  "names",
  "address",
  "role",
  "name",
  "for",
  "token",
  "__proto__",
  "constructor",
  "toString",
);
const near = fc.dictionary(
  field,
  fc.oneof(fc.jsonValue(), fc.constantFrom("read", "30d", ["web"], [{}])),
);
const body = fc.oneof(
  near.map((value) => JSON.stringify(value)),
  fc.json(),
  fc.string({ unit: "binary" }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);
const query = fc.oneof(
  fc.constant(""),
  fc.webQueryParameters().map((text) => `?${text}`),
  fc.constantFrom(
    "?tail=all",
    "?tail=-1",
    "?follow=x",
    "?slot=99999999999",
    "?a[b]=1",
    "?%",
    "?&&=&",
  ),
);
const name = fc.oneof(
  fc.string().map(encodeURIComponent),
  fc.constantFrom("web", "%2e%2e", "%00", "__proto__", "a%2fb", "%", "x".repeat(2_000)),
);
const type = fc.constantFrom(
  "application/json",
  "application/json; charset=utf-16",
  "text/plain",
  "",
);

test("whatever is sent to any route is answered, and never as a bug", {
  timeout: 600_000,
}, async () => {
  const routes = fc.constantFrom(...routeAccess.keys());
  await withApi(memoryCommands(), async ({ at }) => {
    const agent = new Agent({ keepAlive: true });
    const sent = fc.record({ route: routes, name, query, body, type });
    await fc.assert(
      fc.asyncProperty(sent, async ({ route, name, query, body, type }) => {
        const [method = "", pattern = ""] = route.split(" ");
        const path = pattern.replace(":name", name) + query.replaceAll(/[^\x21-\x7e]/g, "");
        const asked = request({ ...at, agent, method, path, headers: { "content-type": type } });
        asked.end(method === "GET" ? undefined : body);
        const [answer] = await once(asked, "response");
        const told = await text(answer);
        assert.ok(answer.statusCode < 500, `${answer.statusCode} ${told}`);
        if (answer.statusCode !== 200) {
          assert.equal(typeof JSON.parse(told).error.code, "string");
        }
      }),
      { numRuns: fuzzRuns(2_000) },
    );
    agent.destroy();
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSpec } from "../../../src/core/errors.ts";
import { formatError } from "../../../src/shell/error-text.ts";
import { plain } from "../../../src/shell/style.ts";
import { formatAge, formatDeploys, formatInstances } from "../../../src/shell/views.ts";
import { anInstance } from "../../support/memory-commands.ts";

const seconds = (count: number) => formatAge(count * 1000);

test("an age is shown in its two largest units", () => {
  assert.equal(seconds(-5), "0s");
  assert.equal(seconds(59.9), "59s");
  assert.equal(seconds(200), "3m20s");
  assert.equal(seconds(2 * 3600 + 60), "2h1m");
  assert.equal(seconds(50 * 3600), "2d2h");
});

test("an instance is shown with its task, its last exit and the reason of its state", () => {
  const instance = { ...anInstance, exit: { code: 7 }, restarts: 2, reason: "waits for db" };
  const table = formatInstances([{ ...instance, state: "pending", handle: {} }], 61_000, plain);
  const [, row] = table.split("\n");
  assert.equal(
    row?.split(/ {2,}/).join("|"),
    "web|0|6666@box|bash|pending|1m1s|2|-|waits for db (last ended with exit code 7)",
  );
});

test("a running instance that fails its health check does not look well", () => {
  assert.match(formatInstances([{ ...anInstance, healthy: false }], 0, plain), /unhealthy/);
});

test("a deploy tells its result and what its answer is worth", () => {
  const text = formatDeploys(
    [
      {
        group: "shop",
        generation: 3,
        result: "updated",
        instances: [{ name: "shop/web", slot: 0, node: null, state: "pending" }],
        class: "available",
        acks: ["a"],
        replicas: 2,
        partitioned: true,
      },
    ],
    plain,
  );
  assert.match(text, /^shop: updated, generation 3, on disk on 1 of 2 nodes; .* partitioned\n/);
  assert.match(text, /\n {2}shop\/web +0 +- +pending\n$/);
});

test("an error is its message and its details, without a stack or control characters", () => {
  const details = [
    { path: "a.b", message: "is \u001b[2Jmissing" },
    { path: "", message: "all of it" },
  ];
  const text = formatError(new InvalidSpec("two\nlines", { details }), plain);
  assert.equal(text, "error: two\nlines\n  a.b: is  [2Jmissing\n  all of it\n");
});

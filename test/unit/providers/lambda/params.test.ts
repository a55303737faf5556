import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSpec } from "../../../../src/core/errors.ts";
import { lambdaParams } from "../../../../src/providers/lambda/params.ts";

test("defaults are filled in", () => {
  assert.deepEqual(lambdaParams.parse({ code: "/srv/fn" }), {
    handler: "index.handler",
    runtime: "node",
    code: "/srv/fn",
    command: undefined,
    timeout: 3_000,
    concurrency: 10,
    reserved: 0,
    idle: 300_000,
    queue: 100,
  });
});

const wrong: readonly { readonly input: unknown; readonly paths: readonly string[] }[] = [
  { input: undefined, paths: ["params"] },
  { input: {}, paths: ["params.code"] },
  { input: { command: "" }, paths: ["params.command"] },
  { input: { code: "x", reserved: 3, concurrency: 2 }, paths: ["params.reserved"] },
  {
    input: { code: 7, handler: "index", runtime: "go", timeout: "1h", memory: 1, queue: -1 },
    paths: [
      "params.handler",
      "params.runtime",
      "params.code",
      "params.timeout",
      "params.queue",
      "params.memory",
    ],
  },
];

test("every wrong parameter is told at once, with its path", () => {
  for (const { input, paths } of wrong) {
    assert.throws(
      () => lambdaParams.parse(input),
      (error) => {
        assert.ok(error instanceof InvalidSpec);
        const told = error.details.map(({ path }) => path);
        assert.deepEqual(told, paths);
        return true;
      },
    );
  }
});

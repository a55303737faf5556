import assert from "node:assert/strict";
import { test } from "node:test";
import { taskHealth } from "../../../../src/providers/docker/container-health.ts";

const check = (ExitCode: number, Output: string) => ({ ExitCode, Output });

test("what the engine says of a container without a check is nothing", () => {
  for (const told of [undefined, null, ...["none", ""].map(status)]) {
    assert.equal(taskHealth(told), undefined);
  }
});

test("what is unhealthy says how often and how its check failed, on one line", () => {
  assert.deepEqual(taskHealth(status("healthy")), { healthy: true });
  assert.deepEqual(taskHealth({ ...status("starting"), Log: null }), {
    healthy: null,
    why: "not healthy yet: HEALTHCHECK of its image",
  });
  const whyOf = (FailingStreak: number, ...Log: ReturnType<typeof check>[]) =>
    taskHealth({ Status: "unhealthy", FailingStreak, Log })?.why;
  assert.equal(
    whyOf(3, check(1, "first"), check(7, " no\n  answer\n")),
    "3 failed health checks in a row, HEALTHCHECK of its image: exit code 7: no answer",
  );
  assert.equal(
    whyOf(1, check(-1, "Health check exceeded timeout (3s)")),
    "a failed health check, HEALTHCHECK of its image: Health check exceeded timeout (3s)",
  );
  assert.equal(whyOf(2), "2 failed health checks in a row, HEALTHCHECK of its image");
  assert.ok((whyOf(2, check(1, "x".repeat(4_096))) ?? "").length < 600);
});

function status(Status: string) {
  return { Status, FailingStreak: 0 };
}

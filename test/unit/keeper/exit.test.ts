import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExitStatus } from "../../../src/keeper/exit.ts";

test("takes a status up to 128 for an exit code", () => {
  for (const code of [0, 1, 127, 128]) {
    assert.deepEqual(parseExitStatus(String(code)), { kind: "exited", code });
  }
});

test("takes 128 + n for signal n where there is such a signal, and else for a code", () => {
  assert.deepEqual(parseExitStatus("137"), { kind: "signaled", signal: "SIGKILL" });
  assert.deepEqual(parseExitStatus("143"), { kind: "signaled", signal: "SIGTERM" });
  assert.deepEqual(parseExitStatus("255"), { kind: "exited", code: 255 });
});

test("tells why an exit is unknown", () => {
  assert.deepEqual(parseExitStatus("rebooted"), {
    kind: "unknown",
    reason: "the machine restarted",
  });
});

test("refuses what no shim writes", () => {
  for (const status of ["", "x", "-1", "1e2", "1000"]) {
    assert.equal(parseExitStatus(status), undefined);
  }
});

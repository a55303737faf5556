import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceChange } from "../../../src/api/watch-shapes.ts";
import { formatChange, formatHistory } from "../../../src/shell/change-views.ts";
import { plain } from "../../../src/shell/style.ts";
import { aChange } from "../../support/memory-commands.ts";

const line = (more: Partial<ServiceChange>) =>
  formatChange({ ...aChange, at: Date.UTC(2026, 0, 2, 3, 4, 5, 678), ...more }, plain);

test("each change is a line with its time, service and what became of it", () => {
  const begin = "2026-01-02T03:04:05Z  web  ";
  assert.equal(line({}), `${begin}wanted running\n`);
  assert.equal(line({ kind: "spec", generation: 3 }), `${begin}deployed, generation 3\n`);
  assert.equal(line({ kind: "spec", removed: true }), `${begin}removed\n`);
  assert.equal(
    line({ kind: "placement", node: "7777@box", epoch: 2 }),
    `${begin}placed on 7777@box, epoch 2\n`,
  );
  assert.equal(
    line({ kind: "placement", node: null, reason: "no node can take it: there is none" }),
    `${begin}no node can take it: there is none\n`,
  );
  const status = { kind: "status", node: "7777@box" } as const;
  assert.equal(
    line({ ...status, state: "running", handle: { pid: 42 } }),
    `${begin}running on 7777@box, pid=42\n`,
  );
  assert.equal(
    line({ ...status, state: "failed", reason: "exit\u001b[2J code 1" }),
    `${begin}failed on 7777@box: exit [2J code 1\n`,
  );
  assert.equal(line({ ...status, removed: true }), `${begin}nothing of it is left\n`);
});

test("a restart by policy tells how the last task ended, one that was wished does not", () => {
  const starting = { kind: "status", node: "7777@box", state: "starting" } as const;
  const killed = { ...starting, exit: { signal: "SIGKILL" } };
  assert.match(
    line({ ...killed, restarts: 1 }),
    / starting on 7777@box: last ended with SIGKILL\n$/,
  );
  assert.match(line({ ...killed, restarts: 0 }), / starting on 7777@box\n$/);
  assert.match(line({ ...starting, restarts: 1, exit: {} }), / starting on 7777@box\n$/);
  const wished = { ...starting, exit: { signal: "SIGTERM", byMob: true } };
  assert.match(line({ ...wished, restarts: 1 }), / starting on 7777@box\n$/);
});

test("what goes with a removal has no line of its own", () => {
  for (const kind of ["run", "restart", "placement", "lost"] as const) {
    assert.equal(line({ kind, removed: true }), "");
  }
});

test("a history has what holds and what lost, with what was in it", () => {
  const written = { at: 0, by: "6666@box", removed: false } as const;
  const text = formatHistory(
    [
      { ...written, state: "current", kind: "spec", generation: 2, spec: { name: "web" } },
      { ...written, state: "lost", kind: "run", run: "stopped" },
      { ...written, state: "lost", kind: "spec", removed: true },
    ],
    plain,
  );
  const [, current, lost, removal] = text.split("\n");
  assert.match(current ?? "", /current +spec +6666@box +generation 2: \{"name":"web"\}$/);
  assert.match(lost ?? "", /lost +run +6666@box +stopped$/);
  assert.match(removal ?? "", /lost +spec +6666@box +removed$/);
});

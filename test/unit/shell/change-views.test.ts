import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceChange } from "../../../src/api/watch-shapes.ts";
import { ChangeLines } from "../../../src/shell/change-views.ts";
import { plain } from "../../../src/shell/style.ts";
import { aChange } from "../../support/memory-commands.ts";

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const line = (more: Partial<ServiceChange>) =>
  new ChangeLines(plain).format([{ ...aChange, at, ...more }]);

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

/** The lines of a watch, without their times, of what it is told at once and one after another. */
function linesOf(...told: readonly (readonly Partial<ServiceChange>[])[]): readonly string[] {
  const lines = new ChangeLines(plain);
  const text = told.map((changes) =>
    lines.format(changes.map((change) => ({ ...aChange, at, ...change }))),
  );
  return text.join("").replaceAll("2026-01-02T03:04:05Z  ", "").split("\n").slice(0, -1);
}

const placement = (slot: number, id: string, node: string) =>
  ({ key: `placement/web/${slot}`, kind: "placement", slot, id, node, epoch: 1 }) as const;
const status = (slot: number, id: string, node: string) =>
  ({ key: `status/web/${id}`, kind: "status", slot, id, node, state: "running" }) as const;
const gone = (id: string) =>
  ({ key: `status/web/${id}`, kind: "status", id, name: "web", removed: true }) as const;

test("the lines of one instance of several name it, and so does that nothing of it is left", () => {
  const lines = linesOf(
    [placement(0, "a", "one"), placement(1, "b", "one")],
    [status(0, "a", "one"), status(1, "b", "one")],
    [{ ...placement(1, "b", "one"), removed: true }, gone("b")],
    [gone("a")],
  );
  assert.deepEqual(lines, [
    "web/0  placed on one, epoch 1",
    "web/1  placed on one, epoch 1",
    "web/0  running on one",
    "web/1  running on one",
    "web/1  nothing of it is left on one",
    "web/0  nothing of it is left on one",
  ]);
});

test("of what another has taken the place of, it is said that it was the one before", () => {
  const lines = linesOf(
    [placement(0, "a", "one"), status(0, "a", "one")],
    [placement(0, "b", "two"), status(0, "b", "two"), gone("a")],
  );
  assert.deepEqual(lines.slice(2), [
    "web  placed on two, epoch 1",
    "web  running on two",
    "web  nothing is left on one of the instance before",
  ]);
});

test("a part of a group that is gone is named, not its group", () => {
  const part = { name: "shop/db" };
  const lines = linesOf([
    { ...placement(0, "a", "one"), ...part },
    { ...status(0, "a", "one"), ...part },
    { ...gone("a"), name: "shop" },
  ]);
  assert.equal(lines.at(-1), "shop/db  nothing of it is left on one");
});

test("what ends since its service was removed keeps its name", () => {
  const lines = linesOf(
    [placement(0, "a", "one"), placement(1, "b", "one"), status(0, "a", "one")],
    [0, 1].map((slot) => ({ ...placement(slot, "", "one"), removed: true })),
    [{ ...status(0, "a", "one"), state: "stopping" }],
  );
  assert.equal(lines.at(-1), "web/0  stopping on one");
});

test("each restart that a user wishes has its line", () => {
  const restart = { key: "restart/web", kind: "restart" } as const;
  assert.equal(linesOf([restart], [restart]).length, 2);
});

test("an instance of which the same is told again has no second line", () => {
  const again = [placement(0, "a", "one"), status(0, "a", "one")].map((change, i) => ({
    ...change,
    stamp: `2.${i}.x`,
  }));
  const lines = linesOf([placement(0, "a", "one"), status(0, "a", "one")], again);
  assert.deepEqual(lines, ["web  placed on one, epoch 1", "web  running on one"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHistory } from "../../../src/shell/history-views.ts";
import { plain } from "../../../src/shell/style.ts";

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

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parsePlan } from "../../src/simulator/schedule.ts";
import { runPlan } from "../../src/simulator/trial.ts";

const folder = new URL("./replays/", import.meta.url);

for (const file of readdirSync(folder)) {
  test(`what was once found holds: ${file.replace(/\.json$/, "").replaceAll("-", " ")}`, async () => {
    const plan = parsePlan(readFileSync(new URL(file, folder), "utf8"));
    assert.deepEqual((await runPlan(plan)).violations, []);
  });
}

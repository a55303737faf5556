/** A night is thousands of runs in one process: a run that is over may hold nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { drawPlan } from "../../src/simulator/draw-plan.ts";
import { runPlan } from "../../src/simulator/trial.ts";
import { eventually } from "../support/eventually.ts";

test("a run that is over is collected, with the nodes that crashed in it", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const watch = await runWatched();
  const isCollected = () => {
    collect();
    return watch.deref() === undefined;
  };
  await eventually(isCollected, "a run that is over to be collected");
});

/** Of a run that is over, what only that still has. */
async function runWatched(): Promise<WeakRef<(line: string) => void>> {
  let crashes = 0;
  const watch = (line: string) => {
    if (line.includes("crash of")) crashes += 1;
  };
  const plan = drawPlan({ seed: 2, nodes: 3, seconds: 30, faults: ["crash"] });
  assert.deepEqual((await runPlan(plan, watch)).violations, []);
  assert.ok(crashes > 0);
  return new WeakRef(watch);
}

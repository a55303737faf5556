/**
 * Not by chance, but at each point there is: a short story of deploys on three nodes is told again and
 * again, and one of them is killed at its first effect on its disk, at its second, and so on to the last;
 * each time with the transaction under way lost, and with it kept though nobody was told.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Item, Plan } from "../../src/simulator/schedule.ts";
import { planToText } from "../../src/simulator/schedule.ts";
import { runPlan } from "../../src/simulator/trial.ts";

/** Each group has another writer, so that the killed node writes for some and replicates others. */
const wishes: readonly Item[] = [
  { kind: "deploy", atMs: 2_000, machine: "n1", name: "web", version: 1 },
  { kind: "deploy", atMs: 2_400, machine: "n2", name: "db", version: 2 },
  { kind: "deploy", atMs: 2_800, machine: "n3", name: "api", version: 3 },
  { kind: "deploy", atMs: 3_200, machine: "n3", name: "web", version: 4 },
  { kind: "act", atMs: 3_600, machine: "n2", name: "db", action: "remove" },
  { kind: "deploy", atMs: 4_000, machine: "n1", name: "db", version: 5 },
];

/** Fails where not all holds. Resolves to whether the node had so many effects on its disk. */
async function killedAt(effect: number, keeps: boolean): Promise<boolean> {
  const crash: Item = { kind: "crash-at-write", atMs: 0, machine: "n1", effect, forMs: 600, keeps };
  const plan: Plan = { seed: 1, nodes: 3, seconds: 15, items: [crash, ...wishes] };
  let isKilled = false;
  const { violations, done } = await runPlan(plan, (line) => {
    isKilled ||= line.endsWith("crash of n1");
  });
  const what = violations.map((violation) => violation.what).join("\n");
  assert.equal(violations.length, 0, `at effect ${effect}: ${what}\n${planToText(plan)}`);
  assert.ok(done >= 3, `only ${done} wishes were done`); // Two nodes answer at all times.
  return isKilled;
}

for (const keeps of [false, true]) {
  const what = keeps ? "kept though nobody was told" : "lost";
  test(`killed at any effect on its disk, the transaction under way ${what}, a node loses nothing`, async () => {
    let effect = 1;
    while (await killedAt(effect, keeps)) effect++;
    assert.ok(effect > 20, `there were only ${effect - 1} effects`);
  });
}

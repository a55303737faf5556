import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asServiceName, type ServiceName } from "../../../src/core/ids.ts";
import {
  cycleText,
  dependencyOf,
  findCycle,
  waitingFor,
  waitingText,
} from "../../../src/services/dependencies.ts";
import type { Phase } from "../../../src/services/instance-status.ts";

function graph(edges: Readonly<Record<string, readonly string[]>>) {
  const entries = Object.entries(edges).map(
    ([name, requires]) => [asServiceName(name), requires.map(asServiceName)] as const,
  );
  return new Map(entries);
}

function cycleFrom(name: string, edges: Readonly<Record<string, readonly string[]>>) {
  const cycle = findCycle(graph(edges), asServiceName(name));
  return cycle && cycleText(cycle);
}

test("a service that requires itself is a cycle", () => {
  assert.equal(cycleFrom("a", { a: ["a"] }), "a → a");
});

test("a cycle is told whole, from the service deployed back to it", () => {
  assert.equal(cycleFrom("a", { a: ["x", "b"], b: ["c"], c: ["a"] }), "a → b → c → a");
});

test("the shortest of several cycles is told", () => {
  assert.equal(cycleFrom("a", { a: ["b", "c"], b: ["c"], c: ["a"] }), "a → c → a");
});

test("a shared dependency, or one that is not deployed, is no cycle", () => {
  assert.equal(cycleFrom("a", { a: ["b", "c"], b: ["d"], c: ["d", "nowhere"], d: [] }), undefined);
});

test("a cycle that does not pass through the service deployed is not looked for", () => {
  assert.equal(cycleFrom("a", { a: ["b"], b: ["c"], c: ["b"] }), undefined);
});

test("finds a cycle exactly when the service can be reached from itself", () => {
  const node = fc.nat(6).map(String);
  fc.assert(
    fc.property(fc.array(fc.tuple(node, node), { maxLength: 20 }), (edges) => {
      const requires: Record<string, string[]> = {};
      for (const [from, to] of edges) requires[from] = [...(requires[from] ?? []), to];
      const reached = new Set(requires["0"] ?? []);
      for (const name of reached) for (const next of requires[name] ?? []) reached.add(next);
      const cycle = findCycle(graph(requires), asServiceName("0"));
      assert.equal(cycle !== undefined, reached.has("0"));
      if (cycle === undefined) return;
      assert.equal(cycle[0], "0");
      assert.equal(cycle.at(-1), "0");
      for (const [index, name] of cycle.slice(0, -1).entries()) {
        assert.ok(requires[name]?.includes(cycle[index + 1] ?? ""));
      }
    }),
  );
});

test("a chain of ten thousand is walked without exhausting anything", () => {
  const edges: Record<string, string[]> = {};
  for (let i = 0; i < 10_000; i++) edges[`s${i}`] = [`s${(i + 1) % 10_000}`];
  assert.equal(findCycle(graph(edges), asServiceName("s0"))?.length, 10_001);
});

test("waits for what is not deployed, and for what does not run, each with its why", () => {
  const phases = new Map<ServiceName, Phase>([
    [asServiceName("db"), "backing-off"],
    [asServiceName("up"), "running"],
    [asServiceName("migration"), "done"],
  ]);
  const requires = ["db", "up", "none", "migration"].map(asServiceName);
  const waiting = waitingFor(requires, (name) => {
    const phase = phases.get(name);
    return phase && dependencyOf([{ phase, isHealthy: phase === "running" }]);
  });
  assert.deepEqual(waiting, [
    { name: "db", why: "is backing-off" },
    { name: "none", why: "is not deployed" },
  ]);
  assert.equal(waitingText(waiting), "waits for db (is backing-off), none (is not deployed)");
});

test("one that is checked is waited for until it is healthy", () => {
  const why = (isHealthy: boolean) => {
    const dependency = dependencyOf([{ phase: "running", isHealthy }]);
    return waitingFor([asServiceName("db")], () => dependency)[0]?.why;
  };
  assert.equal(why(false), "is running, and not healthy yet");
  assert.equal(why(true), undefined);
});

test("of several instances one that does its work is enough", () => {
  const running = { phase: "running", isHealthy: true } as const;
  const starting = { phase: "starting", isHealthy: false } as const;
  const sick = { phase: "running", isHealthy: false } as const;
  assert.deepEqual(dependencyOf([starting, sick, running]), running);
  assert.deepEqual(dependencyOf([starting, sick]), sick);
  assert.deepEqual(dependencyOf([]), { phase: "pending", isHealthy: false });
});

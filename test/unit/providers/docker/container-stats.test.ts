import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStats } from "../../../../src/providers/docker/container-stats.ts";

const cpu_stats = {
  cpu_usage: { total_usage: 2_500_000_000, usage_in_usermode: 1 },
  online_cpus: 2,
};
const told = (memory_stats: object, more: object = {}) => ({ cpu_stats, memory_stats, ...more });

test("memory is without the cache that can go, by the names of both versions of cgroups", () => {
  const first = {
    usage: 1_000,
    stats: { total_inactive_file: 300, inactive_file: 200, cache: 900 },
  };
  const pids_stats = { current: 4 };
  assert.deepEqual(parseStats(told(first, { pids_stats })), {
    cpuMs: 2_500,
    memoryBytes: 700,
    processes: 4,
  });
  const second = { usage: 1_000, stats: { inactive_file: 250, file: 900 } };
  assert.deepEqual(parseStats(told(second)), { cpuMs: 2_500, memoryBytes: 750 });
});

test("an engine that tells no cache, or more of it than is used, is taken at its word", () => {
  assert.equal(parseStats(told({ usage: 1_000, stats: null })).memoryBytes, 1_000);
  assert.equal(parseStats(told({ usage: 1_000 })).memoryBytes, 1_000);
  const odd = { usage: 1_000, stats: { inactive_file: 2_000 } };
  assert.equal(parseStats(told(odd)).memoryBytes, 1_000);
});

test("one that does not run has no figures, and what are none are refused", () => {
  const idle = { cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {}, pids_stats: {} };
  assert.throws(() => parseStats(idle), { code: "unavailable", message: /it does not run/ });
  for (const odd of [
    undefined,
    {},
    told({ usage: -1 }),
    { ...told({ usage: 1 }), cpu_stats: {} },
  ]) {
    assert.throws(() => parseStats(odd), { code: "unavailable", message: /are odd/ });
  }
});

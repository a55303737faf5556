import assert from "node:assert/strict";
import { test } from "node:test";
import { formatStats } from "../../../src/shell/stats-views.ts";
import { someStats } from "../../support/memory-commands.ts";

const plain = (_colour: string, text: string) => text;
const nothing = { cpuPercent: null, cpuMs: null, memoryBytes: null, uptimeMs: null };

test("what tasks use is told beside what they may, and where nobody can tell it is told why", () => {
  const lines = formatStats(
    [
      { ...someStats, name: "web10", processes: null, memoryBytesMax: null },
      { ...someStats, cpuPercentMax: 50 },
      {
        ...{ ...someStats, ...nothing },
        name: "web2",
        processes: null,
        memoryBytesMax: null,
        reason: "the node b is away",
      },
    ],
    plain,
  );
  assert.deepEqual(
    lines
      .trimEnd()
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/)),
    [
      ["NAME", "SLOT", "NODE", "PROVIDER", "CPU", "MEMORY", "PROCESSES", "UP", "REASON"],
      ["web", "0", "6666@box", "bash", "12.5% of 50%", "64MB of 256MB", "3", "3m20s"],
      ["web2", "0", "6666@box", "bash", "-", "-", "-", "-", "the node b is away"],
      ["web10", "0", "6666@box", "bash", "12.5%", "64MB", "-", "3m20s"],
    ],
  );
});

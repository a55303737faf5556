import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hasProc } from "../../../src/keeper/process-identity.ts";
import { parseCpuMs, parseGroupCpuMs, parseKb, usageOf } from "../../../src/keeper/tree-usage.ts";
import { eventually } from "../../support/eventually.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const skip = !hasProc;

test("the time of a process has that of the children that it waited for, whatever its name is", () => {
  const rest = Array.from({ length: 49 }, (_, i) => i + 4).join(" ");
  assert.equal(parseCpuMs(`7 (a) Z b) S ${rest}`), (14 + 15 + 16 + 17) * 10);
});

test("the time of a group is read to the microsecond, and one that tells none has none", () => {
  assert.equal(parseGroupCpuMs("usage_usec 1234567\nuser_usec 1\n"), 1_234.567);
  assert.equal(parseGroupCpuMs("user_usec 1\n"), undefined);
  assert.equal(parseGroupCpuMs(undefined), undefined);
});

test("memory is that of the line of its name", () => {
  const rollup = "Rss:    1640 kB\nPss:     160 kB\nPss_Dirty:   112 kB\n";
  assert.equal(parseKb("Pss", rollup), 160 * 1_024);
  assert.equal(parseKb("VmRSS", "VmHWM:\t  9 kB\nVmRSS:\t    7 kB\n"), 7 * 1_024);
  assert.equal(parseKb("Pss", ""), undefined);
});

test("what processes have in common counts once", { skip }, async () => {
  // Two children that are copies of the shell, with all that it has read.
  const script = `exec 3<&0; x=$(head -c 20000000 /dev/zero | tr '\\0' x)
for i in 1 2; do { echo "$BASHPID"; read -r _ <&3; } & done; wait`;
  const shell = spawn("bash", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    let told = "";
    shell.stdout.setEncoding("latin1").on("data", (text: string) => {
      told += text;
    });
    await eventually(() => told.split("\n").length === 3, "both children");
    const pids = [shell.pid ?? 0, ...told.trim().split("\n").map(Number)];
    const { memoryBytes, processes } = await usageOf(pids, undefined);
    assert.equal(processes, 3);
    // Bash has a text twice while it reads it; what each has is over 120 MB together.
    assert.ok(memoryBytes > 20e6 && memoryBytes < 80e6, `${memoryBytes} bytes`);
  } finally {
    shell.stdin.end();
    shell.kill("SIGKILL");
  }
});

test("the time that a group knows counts where it is more than its processes know", {
  skip,
}, async (t) => {
  const group = await tempFolder(t);
  writeFileSync(join(group, "cpu.stat"), "usage_usec 3600000000000\n");
  assert.equal((await usageOf([process.pid], group)).cpuMs, 3_600_000_000);
  writeFileSync(join(group, "cpu.stat"), "usage_usec 1\n");
  const { cpuMs } = await usageOf([process.pid], group);
  assert.ok(cpuMs > 1 && cpuMs < 3_600_000_000);
});

test("of processes that are gone nothing is used", { skip }, async () => {
  const gone = 2 ** 22 + 1; // Larger than any pid.
  assert.deepEqual(await usageOf([gone], undefined), { cpuMs: 0, memoryBytes: 0, processes: 0 });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  hasProc,
  isAlive,
  parseStat,
  readBootId,
  readStat,
} from "../../../src/keeper/process-identity.ts";
import { eventually } from "../../support/eventually.ts";

const bootId = readBootId();
const skip = !hasProc;

test("reads a stat line whose name holds spaces and parentheses", () => {
  const rest = Array.from({ length: 49 }, (_, i) => i + 4).join(" ");
  assert.deepEqual(parseStat(`7 (a) Z b) S ${rest}`), {
    ppid: 4,
    zombie: false,
    startTicks: 22,
    hasEnviron: true,
  });
});

test("knows itself", { skip }, () => {
  const startTicks = readStat(process.pid)?.startTicks;
  assert.ok(isAlive({ pid: process.pid, startTicks, bootId }, bootId));
});

test("takes no process of another start for the one it was", { skip }, () => {
  const startTicks = (readStat(process.pid)?.startTicks ?? 0) - 1;
  assert.equal(isAlive({ pid: process.pid, startTicks, bootId }, bootId), false);
});

test("takes no process of another boot for the one it was", { skip }, () => {
  const startTicks = readStat(process.pid)?.startTicks;
  assert.equal(isAlive({ pid: process.pid, startTicks, bootId: "another" }, bootId), false);
});

test("takes no zombie for alive", { skip }, async (t) => {
  // The shell becomes a sleep, which never waits for its child: once that has ended, it is a zombie.
  // It is held until then, since a shell that still runs would see to it.
  const parent = spawn("sh", ["-c", "exec 3<&0; cat <&3 & echo $!; exec sleep 1000 3<&-"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  t.after(() => parent.kill("SIGKILL"));
  const pid = await new Promise<number>((tell) =>
    parent.stdout.once("data", (text) => tell(Number(text))),
  );
  const name = () => readFileSync(`/proc/${parent.pid}/comm`, "latin1").trim();
  await eventually(() => name() === "sleep", "the shell's end");
  parent.stdin.end();
  const stat = await eventually(() => {
    const now = readStat(pid);
    return now?.zombie && now;
  }, "a zombie");
  assert.equal(isAlive({ pid, startTicks: stat.startTicks, bootId }, bootId), false);
});

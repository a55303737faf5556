import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { AuditEvent } from "../../../src/core/audit.ts";
import { silentLog } from "../../../src/core/log.ts";
import { openAuditFile } from "../../../src/node/audit-file.ts";
import { ManualEnv } from "../../support/manual-env.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const act: AuditEvent = {
  what: "shutdown",
  outcome: "done",
  who: "local user",
  how: "socket",
  role: "admin",
};
const refusal: AuditEvent = { ...act, outcome: "refused", who: "unknown", how: "10.0.0.1" };

async function open(t: TestContext, bounds: { fileBytesMax?: number; filesKept?: number } = {}) {
  const folder = await tempFolder(t);
  const path = join(folder, "audit.log");
  const env = new ManualEnv();
  const { clock, timers } = env;
  const audit = openAuditFile(path, { clock, timers, log: silentLog, ...bounds });
  const lines = () =>
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  return { folder, path, env, audit, lines };
}

test("an event is a line of JSON with its time, for the owner alone", async (t) => {
  const { path, audit, lines } = await open(t);
  audit.record(act);
  const [{ time, ...event }] = lines();
  assert.deepEqual(event, act);
  assert.equal(new Date(time).toISOString(), time);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("refusals of one source are told at once and then as a count, at the end of the minute", async (t) => {
  const { env, audit, lines } = await open(t);
  for (let i = 0; i < 1_000; i++) audit.record(refusal);
  assert.equal(lines().length, 1);
  await env.advance(60_000);
  assert.deepEqual(
    lines().map(({ count }) => count),
    [undefined, 999],
  );
  audit.record(refusal);
  assert.equal(lines().length, 3);
});

test("what was gathered is written when it is closed, and no timer stays", async (t) => {
  const { env, audit, lines } = await open(t);
  audit.record(refusal);
  audit.record(refusal);
  audit.close();
  assert.equal(lines().at(-1).count, 1);
  assert.equal(env.timerCount, 0);
});

test("full files are rotated, and the oldest goes", async (t) => {
  const { folder, audit, lines } = await open(t, { fileBytesMax: 300, filesKept: 2 });
  for (let i = 0; i < 50; i++) audit.record({ ...act, detail: String(i) });
  assert.deepEqual(readdirSync(folder).sort(), ["audit.log", "audit.log.1", "audit.log.2"]);
  assert.equal(lines().at(-1).detail, "49");
  for (const file of readdirSync(folder)) assert.ok(statSync(join(folder, file)).size < 600);
});

test("goes on after what is there, and closes a file that others could read", async (t) => {
  const folder = await tempFolder(t);
  const path = join(folder, "audit.log");
  writeFileSync(path, "{}\n", { mode: 0o644 });
  const { clock, timers } = new ManualEnv();
  openAuditFile(path, { clock, timers, log: silentLog }).record(act);
  assert.equal(readFileSync(path, "utf8").split("\n").length, 3);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("a disk that refuses is told in the log, and stops nothing", async (t) => {
  const folder = await tempFolder(t);
  const told: unknown[] = [];
  const log = { ...silentLog, error: (message: string) => void told.push(message) };
  const { clock, timers } = new ManualEnv();
  openAuditFile(join(folder, "none", "audit.log"), { clock, timers, log }).record(act);
  assert.deepEqual(told, ["the audit log cannot be written"]);
});

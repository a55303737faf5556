import assert from "node:assert/strict";
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { silentLog } from "../../../../src/core/log.ts";
import { createBash } from "../../../../src/providers/bash/bash.ts";
import { IsolationCheck, triedMsMax } from "../../../../src/providers/isolation/isolation-check.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

/** A machine whose bwrap notes each try, and succeeds as long as it is not told otherwise. */
async function machine(t: TestContext) {
  const folder = await tempFolder(t);
  const tries = join(folder, "tries");
  const install = (name: string, script: string) =>
    writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await install("bwrap", `echo tried >>${tries}`);
  await install("nsenter", "exit 0");
  const tried = async () => (await readFile(tries, "utf8").catch(() => "")).split("\n").length - 1;
  return { folder, install, tried, env: { PATH: folder } };
}

test("what was found possible is not tried again, before ten minutes have passed", async (t) => {
  const { folder, env, tried } = await machine(t);
  let nowMs = 5;
  const check = new IsolationCheck(env, folder, () => nowMs);
  for (const ms of [0, 60_000, triedMsMax - 60_001]) {
    nowMs += ms;
    assert.equal(await check.whyNot(), undefined);
    assert.equal(await tried(), 1);
  }
  nowMs += 1;
  assert.equal(await check.whyNot(), undefined);
  assert.equal(await tried(), 2);
});

test("it is tried again once a program is another, and each time while it cannot be had", async (t) => {
  const { folder, env, install, tried } = await machine(t);
  const check = new IsolationCheck(env, folder);
  assert.equal(await check.whyNot(), undefined);
  await install("bwrap", `echo tried >>${join(folder, "tries")}; echo not permitted >&2; exit 1`);
  assert.equal(await check.whyNot(), "not permitted");
  assert.equal(await check.whyNot(), "not permitted");
  assert.equal(await tried(), 3);
  await install("bwrap", `echo tried >>${join(folder, "tries")}`);
  assert.equal(await check.whyNot(), undefined);
  await chmod(join(folder, "nsenter"), 0o644);
  assert.match((await check.whyNot()) ?? "", /nsenter is not executable$/);
  await rm(join(folder, "nsenter"));
  assert.match((await check.whyNot()) ?? "", /nsenter is in no folder of its PATH/);
});

test("looks at the provider of bash try it once", async (t) => {
  const { folder, tried } = await machine(t);
  const env = { PATH: `${folder}:/usr/bin:/bin` };
  const bash = createBash({ folder: join(folder, "tasks"), node: "tested", env, log: silentLog });
  t.after(() => bash.close());
  for (let look = 0; look < 3; look++) {
    const { features } = { features: [], ...(await bash.probe()) };
    assert.ok(features.some((feature) => feature === "isolation"));
  }
  assert.equal(await tried(), 1);
});

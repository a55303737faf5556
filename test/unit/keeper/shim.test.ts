import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { installShim } from "../../../src/keeper/shim.ts";
import { tempFolder } from "../../support/temp-folder.ts";

// What /bin/sh may be: dash, or a bash that minds POSIX, as on macOS and others.
for (const shell of [["/bin/sh"], ["bash", "--posix"]]) {
  test(`runs its payload under ${shell.join(" ")} and records the exit`, async (t) => {
    const folder = await tempFolder(t);
    const shim = installShim(folder);
    writeFileSync(join(folder, "a.1.script"), "");
    const [program = "", ...options] = shell;
    const payload = [
      "/bin/sh",
      "-c",
      "echo out; echo err >&2; grep SigIgn /proc/self/status; exit 5",
    ];
    const ran = spawnSync(
      program,
      [...options, shim, join(folder, "a.1"), "b-1", "-", ...payload],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    assert.match(ran.stdout, /^out\n(SigIgn:\s0+\n)?$/);
    assert.equal(ran.stderr.split("\n")[0], "err");
    assert.deepEqual(readdirSync(folder).sort(), [
      "a.1.exit.5",
      "a.1.run",
      "a.1.script",
      "shim.sh",
    ]);
    assert.match(readFileSync(join(folder, "a.1.run"), "utf8"), /^\d+ (\d+|-) b-1 -\n\d+\n$/);
  });
}

test("says nothing in the task's output when a signal kills it", async (t) => {
  const folder = await tempFolder(t);
  writeFileSync(join(folder, "a.1.script"), "");
  const args = [
    installShim(folder),
    join(folder, "a.1"),
    "b-1",
    "-",
    "/bin/sh",
    "-c",
    "kill -9 $$",
  ];
  const ran = spawnSync("/bin/sh", args, { encoding: "utf8" });
  assert.equal(ran.stdout + ran.stderr, "");
  assert.ok(readdirSync(folder).includes("a.1.exit.137"));
});

test("runs nothing, and leaves nothing, when the task was removed before it came", async (t) => {
  const folder = await tempFolder(t);
  const payload = ["touch", join(folder, "ran")];
  spawnSync("/bin/sh", [installShim(folder), join(folder, "a.1"), "b-1", "-", ...payload]);
  assert.deepEqual(readdirSync(folder), ["shim.sh"]);
});

/** What an isolated task can and cannot do, on the real machine. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { asInstanceId } from "../../../../src/core/ids.ts";
import { silentLog } from "../../../../src/core/log.ts";
import { createBash } from "../../../../src/providers/bash/bash.ts";
import { whyNoIsolation } from "../../../../src/providers/isolation/sandbox.ts";
import { noIsolation } from "../../../support/no-isolation.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const skip = noIsolation();
const instance = asInstanceId("5".repeat(16));
const logs = { fileBytesMax: 10_000_000, filesMax: 5 };
const { PATH = "/usr/bin:/bin" } = process.env;

/** Runs a script to its end, isolated; what it printed. */
async function ran(
  t: TestContext,
  script: string,
  isolation: unknown = true,
  at?: string,
): Promise<string> {
  const alive = setInterval(() => {}, 1_000);
  const folder = await tempFolder(t);
  const bash = createBash({ folder, node: "tested", env: { PATH }, log: silentLog });
  try {
    const params = bash.parseParams({ command: script, isolation });
    const data = join(folder, "data");
    mkdirSync(data);
    const volumes = at === undefined ? [] : [{ name: "data", folder: data, at }];
    const context = { service: "tested", attempt: 1, env: {}, logs, volumes };
    const handle = await bash.start(instance, params, context);
    const task = await bash.adopt({ instance, attempt: 1, handle });
    if (!("gone" in task)) await task.exited;
    const output = await bash.output(instance, logs);
    const { bytes } = await output.read(0, 1 << 20);
    await output.close();
    return Buffer.from(bytes).toString();
  } finally {
    await bash.remove(instance);
    await bash.close();
    clearInterval(alive);
  }
}

test("the machine is read, and not written; its own folder and what it may are", {
  skip,
}, async (t) => {
  const open = await tempFolder(t);
  const closed = await tempFolder(t);
  writeFileSync(join(open, "seen"), "there");
  const script = `cat ${open}/seen; echo
touch note && echo own
touch ${open}/written && echo allowed
for path in /mob-test /etc/mob-test /sys/fs/cgroup/mob-test /proc/sys/kernel/hostname; do
  (: >"$path") 2>/dev/null && echo "$path was written"
done
mount -o remount,rw / 2>/dev/null && echo remounted
ls ${closed} 2>/dev/null && echo "another's temporary folder"
exit 0`;
  assert.equal(await ran(t, script, { writable: [open] }), "there\nown\nallowed\n");
  assert.ok(existsSync(join(open, "written")));
});

test("it has temporary folders and processes of its own, and nothing in what is hidden", {
  skip,
}, async (t) => {
  const mine = `mob-test-${process.pid}`;
  const script = `touch /tmp/${mine} /var/tmp/${mine} && ls /tmp /var/tmp | grep -c ${mine}
kill -0 ${process.pid} 2>/dev/null && echo "another's process"
ls -A /etc; exit 0`;
  assert.equal(await ran(t, script, { hidden: ["/etc"] }), "2\n");
  assert.equal(existsSync(`/tmp/${mine}`), false);
});

test("it has the machine's network unless it is to have none", { skip }, async (t) => {
  const script = "cat /proc/self/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' ' | sort | xargs";
  const all = readFileSync("/proc/self/net/dev", "utf8").split("\n").slice(2, -1);
  const names = all.map((line) => line.split(":")[0]?.trim() ?? "").sort();
  assert.equal(await ran(t, script), `${names.join(" ")}\n`);
  assert.equal(await ran(t, script, { network: false }), "lo\n");
});

test("a volume is where it is to be found, also where the machine's folder is not", {
  skip,
}, async (t) => {
  const at = `/tmp/mob-volume-${process.pid}`;
  assert.equal(await ran(t, `echo kept >${at}/note; cat ${at}/note`, true, at), "kept\n");
});

test("what cannot be had is told by its parameter", { skip }, async (t) => {
  const refused = ran(t, "true", { writable: ["/no/such"] });
  await assert.rejects(refused, /params\.isolation\.writable\[0\]: \/no\/such does not exist/);
});

test("where there is no bubblewrap, the reason is told", async (t) => {
  const folder = await tempFolder(t);
  assert.match(
    (await whyNoIsolation({ PATH: folder }, folder)) ?? "",
    /is in no folder of its PATH/,
  );
});

/** Isolated services through the commands, as docs/spec.md tells of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProviderView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { Lab } from "../support/mob-node.ts";
import { noIsolation } from "../support/no-isolation.ts";

const skip = noIsolation();

test("an isolated service runs on over the crash of its node, and commands run in its isolation", {
  skip,
}, async (t) => {
  const node = await (await Lab.open(t)).start();
  const [offered] = await node.json<ProviderView[]>("providers");
  assert.ok(offered?.features.includes("isolation"));
  const script = 'trap "exit 3" TERM; echo mine >/tmp/note; echo up; while :; do sleep 0.1; done';
  await node.deploy({
    name: "web",
    provider: "bash",
    params: { command: script, isolation: { network: false } },
  });
  const pid = await node.taskPid("web");
  await eventually(async () => (await node.mob("logs", "web")) === "up\n", "its output");
  await node.crash();
  await node.start();
  assert.equal(await node.taskPid("web"), pid);
  const command = ["cat /tmp/note; pwd | grep -c work; touch /mob-test; mount -o remount,rw /"];
  const args = ["exec", "-p", String(node.port), "web", "--", "sh", "-c", ...command];
  const { stdout, stderr, code } = await node.lab.run("./mob", args);
  assert.equal(stdout, "mine\n1\n");
  assert.match(stderr, /touch.*Read-only file system/);
  assert.notEqual(code, 0);
  await node.mob("stop", "web");
  assert.deepEqual((await node.instance("web"))?.exit, { code: 3, byMob: true });
});

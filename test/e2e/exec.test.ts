/** exec services through the commands, as README and docs/spec.md tell of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProviderView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { Lab } from "../support/mob-node.ts";

const exec = (name: string, params: object, more: object = {}) => ({
  name,
  provider: "exec",
  params,
  ...more,
});

test("a program runs with its arguments as they are, and on over the crash of its node", async (t) => {
  const node = await (await Lab.open(t)).start({ providers: "exec" });
  assert.match(node.printed, /^providers: exec$/m);
  const [offered] = await node.json<ProviderView[]>("providers");
  assert.deepEqual([offered?.type, offered?.available], ["exec", true]);
  const script = 'printf "%s|" "$@"; echo "$MODE"; exec sleep 1000';
  const args = ["-c", script, "sh", "$HOME", "a  b", "*", 8000];
  await node.deploy(exec("api", { program: "sh", args }, { env: { MODE: "production" } }));
  const pid = await node.taskPid("api");
  const logs = await eventually(async () => {
    const printed = await node.mob("logs", "api");
    return printed.endsWith("\n") && printed;
  }, "its output");
  assert.equal(logs, "$HOME|a  b|*|8000|production\n");
  await node.crash();
  await node.start({ providers: "exec" });
  assert.equal(await node.taskPid("api"), pid);
  await node.mob("stop", "api");
  assert.deepEqual((await node.instance("api"))?.exit, { signal: "SIGTERM", byMob: true });
});

test("every wrong parameter is told at once, and nothing is deployed", async (t) => {
  const node = await (await Lab.open(t)).start({ providers: "exec" });
  const spec = exec("api", { program: "./run", agrs: [], cwd: "data", user: 1.5, shell: true });
  const refused = await node.try("deploy", JSON.stringify(spec));
  assert.equal(refused.code, 2);
  for (const path of ["program", "cwd", "user", "shell"])
    assert.match(refused.stderr, RegExp(`params\\.${path}: `));
  assert.match(refused.stderr, /params\.agrs: unknown key, did you mean `args`\?/);
  assert.deepEqual(await node.json("ls"), []);
});

test("a program that is not there is told by the deploy, by name", async (t) => {
  const node = await (await Lab.open(t)).start({ providers: "exec" });
  const reason = "could not be started: params.program: /no/such does not exist on this node";
  let tries = 0;
  // On a machine so slow that it has not failed when it is looked at, the next one will have.
  const told = await eventually(async () => {
    const spec = exec(`api-${++tries}`, { program: "/no/such" }, { restart: "none" });
    const deployed = await node.try("deploy", JSON.stringify(spec));
    return deployed.stdout.includes(`failed  ${reason}\n`) ? deployed : undefined;
  }, "a failure to be told by the deploy itself");
  assert.equal(told.code, 1);
  assert.equal((await node.instance(`api-${tries}`))?.reason, reason);
});

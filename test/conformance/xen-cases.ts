/** What domains alone have, as Xen's own list tells it. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { asInstanceId } from "../../src/core/ids.ts";
import { eventually } from "../support/eventually.ts";
import type { XenHost } from "../support/xen-host.ts";
import { machineCases } from "./machine-cases.ts";
import { type Bench, exitOf, logs, printed, processesOf, running } from "./provider-bench.ts";
import { underTest } from "./xen-under-test.ts";

const instance = asInstanceId("0".repeat(16));
/** Starting and ending domains takes an emulated processor long. */
const domainMsMax = 300_000;

const noneIsLeft = (host: XenHost) =>
  eventually(async () => (await host.domains()).length === 0, "no domain", domainMsMax);

export const xenCases: Readonly<Record<string, (bench: Bench, host: XenHost) => Promise<void>>> = {
  ...machineCases("/dev/hvc0"),

  "is told its environment, is asked to end, and has ended well once it powers off": async (
    bench,
    host,
  ) => {
    const script = "trap 'echo bye; exit' TERM; echo mark $TEST_MARK; while :; do sleep 0.1; done";
    const { task } = await bench.run(script, instance);
    assert.equal(await printed(bench, instance, "mark"), `mark ${bench.mark}\n`);
    await running(task).stop({ signal: "SIGTERM", graceMs: domainMsMax });
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 0 });
    assert.match(await printed(bench, instance, "bye"), /^mark \w+\n(Terminated\n)?bye\n$/);
    assert.deepEqual(await host.domains(), []);
  },

  "that crashes has failed": async ({ run }, host) => {
    const { task } = await run("echo c >/proc/sysrq-trigger; sleep 1000");
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 1 });
    assert.deepEqual(await host.domains(), []);
  },

  "that somebody destroys was killed": async ({ run }, host) => {
    const { task } = await run("sleep 1000");
    const [name] = await host.domains();
    await host.run(`xl destroy ${name}`);
    assert.deepEqual(await exitOf(task), { kind: "signaled", signal: "SIGKILL" });
  },

  "is started once, runs on when its owner is killed, and is found and ended by the next": async (
    bench,
    host,
  ) => {
    const owner = await bench.startOwner(1, "echo up; while :; do sleep 1; done");
    await eventually(() => owner.lines[0], "a domain that runs", domainMsMax);
    await owner.kill();
    assert.equal((await host.domains()).length, 1);
    const [found] = await bench.provider.list();
    assert.deepEqual([found?.instance, found?.attempt], [instance, 1]);
    const params = bench.provider.parseParams(underTest.params("exit", bench.folder));
    const context = { service: "tested", attempt: 1, env: {}, logs };
    assert.deepEqual(await bench.provider.start(instance, params, context), found?.handle);
    await printed(bench, instance, "up");
    assert.equal((await host.domains()).length, 1);
    await bench.provider.remove(instance);
    assert.deepEqual(await host.domains(), []);
  },

  "is not left by an owner that is killed at any moment of a start": async (bench, host) => {
    for (const afterMs of [0, 300, 1_000]) {
      const owner = await bench.startOwner(1, "sleep 1000");
      await setTimeout(afterMs); // Not a wait for something: the moment of the crash.
      await owner.kill();
      const provider = await bench.comeBack();
      for (const { instance } of await provider.list()) await provider.remove(instance);
      await noneIsLeft(host);
    }
  },

  "whose node and script are gone is told by what is noted of it, and is ended": async (
    bench,
    host,
  ) => {
    const { leftovers } = bench.provider;
    assert.ok(leftovers !== undefined);
    const own = await bench.run("sleep 1000", instance);
    const folder = join(bench.folder, "dead");
    const owner = await bench.startOwner(1, "sleep 1000", "dead");
    await eventually(() => owner.lines[0], "a domain that runs", domainMsMax);
    await owner.kill();
    for (const pid of processesOf({ mark: bench.mark, folder })) process.kill(pid, "SIGKILL");
    const dead = async () => (await leftovers.list()).filter((one) => one.folder === folder);
    const [kept, ...others] = await dead();
    assert.ok(kept !== undefined && others.length === 0);
    await assert.rejects(leftovers.remove(kept.id), { code: "conflict" });
    await rm(folder, { recursive: true });
    const [orphan] = await dead();
    const { isOrphan, node, service, startedAt = 0 } = orphan ?? {};
    assert.deepEqual([isOrphan, node, service], [true, "conformance", "owned"]);
    assert.ok(Math.abs(startedAt - Date.now()) < 600_000);
    assert.equal((await host.domains()).length, 2);
    await leftovers.remove(kept.id);
    assert.deepEqual(await dead(), []);
    assert.equal((await host.domains()).length, 1);
    running(own.task);
  },

  "is told why it cannot be started, in xl's words, and is not there then": async (bench, host) => {
    const start = (params: object, more: object = {}) =>
      bench.provider.start(instance, bench.provider.parseParams(params), {
        ...{ service: "tested", attempt: 1, env: {}, logs },
        ...more,
      });
    const missing = { code: "unavailable", message: /^Xen did not start it: .*\/no\/kernel/s };
    await assert.rejects(start({ kernel: "/no/kernel" }), missing);
    const kernel = { kernel: "/srv/vmlinuz" };
    const noPorts = { code: "unavailable", message: /^ports: / };
    await assert.rejects(start(kernel, { ports: { http: 80 } }), noPorts);
    const noQuotes = { code: "unavailable", message: /^env\.A: / };
    await assert.rejects(start(kernel, { env: { A: '"' } }), noQuotes);
    const tooLong = { code: "unavailable", message: /^env: .* 1023$/ };
    await assert.rejects(start(kernel, { env: { A: "a".repeat(1_023) } }), tooLong);
    assert.deepEqual(await bench.provider.list(), []);
    assert.deepEqual(await host.domains(), []);
  },
};

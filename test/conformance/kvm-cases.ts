/** What machines alone have: disks, ports, a console, panics, and what QEMU says of what it cannot do. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { asInstanceId } from "../../src/core/ids.ts";
import { whyNoKvm } from "../../src/providers/kvm/accelerator.ts";
import { tell } from "../../src/providers/kvm/qmp.ts";
import { bootableImage } from "../support/boot-sector.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/mob-node.ts";
import { underTest } from "./kvm-under-test.ts";
import { machineCases } from "./machine-cases.ts";
import { type Bench, exitOf, logs, printed, running } from "./provider-bench.ts";

const instance = asInstanceId("0".repeat(16));

/** Starts an attempt with these parameters. */
async function start(
  { provider, mark }: Bench,
  params: object,
  { attempt = 1, ports = {} }: { attempt?: number; ports?: Readonly<Record<string, number>> } = {},
) {
  const read = provider.parseParams(params);
  const context = { service: "tested", attempt, env: { TEST_MARK: mark }, ports, logs };
  const handle = await provider.start(instance, read, context);
  return { handle, task: await provider.adopt({ instance, attempt, handle }) };
}

const linux = (script: string, { folder }: Bench) => underTest.params(script, folder) as object;

export const kvmCases: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  ...machineCases("/dev/ttyS0"),

  "boots from an image, which it leaves as it is, and finds none of what it wrote before": async (
    bench,
  ) => {
    const disk = join(bench.folder, "image, of mine.raw");
    writeFileSync(disk, bootableImage());
    for (const attempt of [1, 2]) {
      const { task } = await start(bench, { disk, memory: "16MiB" }, { attempt });
      assert.deepEqual(await exitOf(task), { kind: "exited", code: 0 });
    }
    assert.equal(await printed(bench, instance, "A\nA\n"), "A\nA\n");
    assert.ok(readFileSync(disk).equals(bootableImage()));
  },

  "finds what it wrote before, where that is kept": async (bench) => {
    const raw = join(bench.folder, "image.raw");
    const disk = join(bench.folder, "image.qcow2");
    writeFileSync(raw, bootableImage());
    execFileSync("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", raw, disk]);
    const before = readFileSync(disk);
    for (const attempt of [1, 2]) {
      const { task } = await start(bench, { disk, keep: true, memory: "16MiB" }, { attempt });
      assert.deepEqual(await exitOf(task), { kind: "exited", code: 0 });
    }
    assert.equal(await printed(bench, instance, "A\nB\n"), "A\nB\n");
    assert.ok(readFileSync(disk).equals(before));
  },

  "takes a panic for a failure": async (bench) => {
    const script = "echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger; sleep 1000";
    const { task } = await start(bench, linux(script, bench));
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 1 });
  },

  "is reached by its ports and on its console, and ends by its button also when paused": async (
    bench,
  ) => {
    const http = await freePort();
    const script = `trap 'exit 5' TERM
      ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up
      mkdir /www; echo "hello from $TEST_MARK" >/www/index.html; httpd -p 80 -h /www
      echo login:; read name </dev/ttyS0; echo "welcome, $name"
      while :; do sleep 0.1; done`;
    const params = { ...linux(script, bench), ports: ["http:80"] };
    const { handle, task } = await start(bench, params, { ports: { http } });
    await printed(bench, instance, "login:");
    const console = connect(`/proc/${handle["pid"]}/cwd/console.sock`);
    let said = "";
    console.on("data", (bytes) => {
      said += String(bytes);
    });
    console.write("bob\n");
    await eventually(() => said.includes("welcome, bob"), "an answer on the console");
    console.destroy();
    assert.match(await printed(bench, instance, "welcome"), /welcome, bob/);
    const page = await fetch(`http://127.0.0.1:${http}/`);
    assert.equal(await page.text(), `hello from ${bench.mark}\n`);
    await tell(`/proc/${handle["pid"]}/cwd/qmp.sock`, "stop");
    await running(task).stop({ signal: "SIGTERM", graceMs: 60_000 });
    assert.deepEqual(await exitOf(task), { kind: "exited", code: 5 });
  },

  "is connected to a tap device of the host's": async (bench) => {
    const tap = `mob${bench.mark.slice(0, 8)}`;
    execFileSync("ip", ["tuntap", "add", tap, "mode", "tap"]);
    try {
      execFileSync("ip", ["link", "set", tap, "up"]);
      const script = "ip link set eth0 up; while :; do udhcpc -n -q -i eth0; done >/dev/null 2>&1";
      const { task } = await start(bench, { ...linux(script, bench), tap });
      const received = () => Number(readFileSync(`/sys/class/net/${tap}/statistics/rx_packets`));
      await eventually(() => received() > 2, "frames of the machine's");
      await running(task).stop({ signal: "SIGKILL", graceMs: 0 });
    } finally {
      execFileSync("ip", ["link", "delete", tap]);
    }
  },

  "says what it cannot have, in QEMU's words where they are QEMU's, and leaves nothing": async (
    bench,
  ) => {
    const good = linux("true", bench);
    const why = await whyNoKvm();
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ kernel: "/no/kernel" }, /^params\.kernel: \/no\/kernel does not exist on this node$/],
      [{ disk: bench.folder }, /^params\.disk: .* is no file$/],
      [{ args: ["-device", "no-such"] }, /^QEMU did not start: .*'no-such' is not a valid device/],
      [{ ports: ["192.0.2.1:80:80"] }, /^QEMU did not start: .*192\.0\.2\.1:80/],
      ...(why === undefined ? [] : [[{ accel: "kvm" }, /^params\.accel: /] as const]),
    ];
    for (const [params, message] of wrong) {
      const started = start(bench, { ...good, ...params });
      await assert.rejects(started, { code: "unavailable", message });
      assert.deepEqual(await bench.provider.list(), []);
    }
  },
};

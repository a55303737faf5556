import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { asInstanceId } from "../../../../src/core/ids.ts";
import type { Found } from "../../../../src/providers/kvm/found.ts";
import { machineScript } from "../../../../src/providers/kvm/machine-script.ts";
import { kvmParams } from "../../../../src/providers/kvm/params.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const instance = asInstanceId("0".repeat(16));
const found: Found = { qemu: "/qemu", qemuImg: "/img", diskFormat: "raw", accel: "tcg" };
const context = { service: "lab/db", attempt: 1, env: {}, logs: { fileBytesMax: 1, filesMax: 1 } };

/** The last line, which becomes QEMU. */
function qemuLine(params: object, more: object = {}, here: Found = found): string {
  const read = kvmParams.parse({ kernel: "/k", ...params });
  return (
    machineScript(instance, read, { ...context, ...more }, here)
      .trimEnd()
      .split("\n")
      .at(-1) ?? ""
  );
}

test("a machine is named after its service, as large as asked for, and boots the kernel", () => {
  const line = qemuLine({ initrd: "/i d", memory: "100MB", cpus: 3 });
  assert.match(line, /^exec \/qemu -name '?guest=lab\/db'? /);
  assert.match(line, / -accel tcg -cpu max -m 96M -smp 3 /);
  assert.match(line, / -kernel \/k -append '?console=ttyS0'? -initrd '\/i d'$/);
  assert.match(qemuLine({}, {}, { ...found, accel: "kvm" }), / -accel kvm -cpu host /);
});

test("ports of the service lead to those of the machine that the parameters name, or to the same", () => {
  const ports = { http: 20_000, admin: 20_001 };
  const line = qemuLine({ ports: ["http:80", "127.0.0.1:53:53/udp"] }, { ports });
  const forwards = [...line.matchAll(/hostfwd=([^, ']+)/g)].map(([, forward]) => forward);
  assert.deepEqual(forwards, ["tcp::20000-:80", "udp:127.0.0.1:53-:53", "tcp::20001-:20001"]);
  const none = { code: "unavailable", message: /^params\.ports\[0\]: web is none/ };
  assert.throws(() => qemuLine({ ports: ["web:80"] }), none);
});

test("a tap is used as it is, by an address of the machine's own, and has no ports forwarded", () => {
  const line = qemuLine({ tap: "tap0" });
  assert.match(line, / -netdev '?tap,id=net,ifname=tap0,script=no,downscript=no'? /);
  const [mac] = /mac=(52:54:00(?::[0-9a-f]{2}){3})/.exec(line) ?? [];
  assert.ok(mac !== undefined && qemuLine({}).includes(mac), line);
  const refused = { code: "unavailable", message: /^params\.tap: / };
  assert.throws(() => qemuLine({ tap: "tap0" }, { ports: { http: 1 } }), refused);
});

test("any arguments and environment reach QEMU, and a shell that reads the environment, unchanged", async (t) => {
  const folder = await tempFolder(t);
  const qemu = join(folder, "qemu");
  await writeFile(qemu, '#!/bin/sh\nprintf "%s\\0" "$@"\n', { mode: 0o755 });
  const word = fc.string({ unit: "binary-ascii" }).map((text) => text.replaceAll("\0", ""));
  fc.assert(
    fc.property(fc.array(word), word, (args, value) => {
      const params = kvmParams.parse({ kernel: "/k", args });
      const env = { A: value, B: "b" };
      const script = machineScript(instance, params, { ...context, env }, { ...found, qemu });
      const run = (source: string) =>
        execFileSync("/bin/sh", ["-c", source], { cwd: folder, encoding: "utf8" });
      const given = run(script).split("\0").slice(0, -1);
      assert.deepEqual(given.slice(given.length - args.length), args);
      assert.equal(run('. ./env; printf %s "$A,$B"'), `${value},b`);
    }),
    { numRuns: 30 },
  );
  assert.equal((await stat(join(folder, "env"))).mode & 0o777, 0o600);
});

test("a disk is made anew for each start, or once where it is kept; without one nothing is run", async (t) => {
  const folder = await tempFolder(t);
  const qemuImg = join(folder, "img");
  await writeFile(qemuImg, '#!/bin/sh\necho "$*" >>calls\nshift $(($# - 1))\necho new >"$1"\n', {
    mode: 0o755,
  });
  const start = (keep: boolean) => {
    const params = kvmParams.parse({ disk: "/my image", keep });
    const here = { ...found, qemu: "/bin/true", qemuImg };
    execFileSync("/bin/sh", ["-c", machineScript(instance, params, context, here)], {
      cwd: folder,
    });
  };
  const calls = async () => (await readFile(join(folder, "calls"), "utf8")).trimEnd().split("\n");
  start(true);
  start(true);
  assert.deepEqual(await calls(), ["create -q -f qcow2 -F raw -b /my image disk.new"]);
  await writeFile(join(folder, "disk.qcow2"), "used\n");
  start(false);
  assert.equal((await calls()).length, 2);
  assert.equal(await readFile(join(folder, "disk.qcow2"), "utf8"), "new\n");
  assert.equal(existsSync(join(folder, "disk.new")), false);
});

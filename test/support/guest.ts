/**
 * What the machines of tests boot: Debian's kernel (`.ci/guest-kernel` puts it there) and a first file system
 * of Debian's static busybox, made once for each process that needs it.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { whyMissing } from "./machine.ts";

const folder = process.env["MOB_TEST_KERNEL"] ?? "/var/cache/mob-tests/guest-kernel";

/** Of the guest's kernel; as QEMU's direct boot takes it. */
export const guestKernel = join(folder, "vmlinux");

/** Why no machine can be run here; false: one can. */
export function whyNoGuest(): string | false {
  const missing = whyMissing("qemu-system-x86_64", "qemu-img", "busybox", "cpio");
  if (missing !== false || existsSync(guestKernel)) return missing;
  return `there is no kernel for guests here: .ci/guest-kernel ${folder} puts one there`;
}

/** In the order in which they need each other. */
const modules =
  "virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover virtio_net virtio_blk button evdev qemu_fw_cfg pvpanic pvpanic-pci netfs fscache 9pnet 9pnet_virtio 9p";

/**
 * Runs the script that QEMU was given as opt/test/script, with the environment that Mob gave it. Told the
 * folder `opt/test/folder`, it has the host's folder of that name. A press of the power button is SIGTERM to
 * the script. It is switched off by code 0 of the script; other codes, which have to be odd, end QEMU with it.
 */
const init = `#!/bin/sh
export PATH=/bin
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec </dev/null >/dev/ttyS0 2>&1
stty -opost </dev/ttyS0
for module in ${modules}; do insmod /modules/$module.ko; done
told=/sys/firmware/qemu_fw_cfg/by_name/opt
if [ -e $told/test/folder ]; then
  folder=$(cat $told/test/folder/raw)
  mkdir -p "$folder"
  mount -t 9p -o trans=virtio,version=9p2000.L,cache=none folder "$folder"
fi
cat $told/test/script/raw >/script
set -a
. $told/mob/env/raw
set +a
setsid sh /script &
script=$!
button=$(grep -l 'Power Button' /sys/class/input/event*/device/name | head -n 1 | cut -d / -f 5)
while head -c 24 "/dev/input/$button" >/dev/null; do kill -TERM -$script; done 2>/dev/null &
wait $script
code=$?
[ $code = 0 ] && poweroff -f
printf "\\\\$(printf %03o $(((code - 1) / 2)))" | dd of=/dev/port bs=1 seek=1281 2>/dev/null
sleep 1000
`;

/** Makes the first file system, in `into`. */
export function makeInitramfs(into: string): void {
  const root = mkdtempSync("/tmp/mob-initramfs-");
  try {
    for (const name of ["bin", "proc", "sys", "dev"]) mkdirSync(join(root, name));
    copyFileSync("/bin/busybox", join(root, "bin", "busybox"));
    execFileSync("ln", ["-s", "busybox", join(root, "bin", "sh")]);
    execFileSync("cp", ["-r", join(folder, "modules"), root]);
    writeFileSync(join(root, "init"), init, { mode: 0o755 });
    execFileSync("sh", ["-c", 'find . | cpio --quiet -o -H newc >"$0"', into], { cwd: root });
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Arguments for QEMU by which a guest is told what to do. */
export function guestArgs(script: string, shared?: string): readonly string[] {
  const told = (name: string, value: string) => [
    "-fw_cfg",
    `name=opt/test/${name},string=${value.replaceAll(",", ",,")}`,
  ];
  const device = ["-device", "isa-debug-exit", ...told("script", script)];
  if (shared === undefined) return device;
  const share = `local,path=${shared},mount_tag=folder,security_model=none`;
  return [...device, ...told("folder", shared), "-virtfs", share];
}

/** Nothing of the kernel's own is written, and nothing is done that only costs time. */
export const guestAppend =
  "console=ttyS0 loglevel=0 panic=-1 nokaslr mitigations=off tsc=reliable no_timer_check cryptomgr.notests";

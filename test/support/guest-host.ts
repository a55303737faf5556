/**
 * A guest that has this machine's files, so that a test runs under another kernel than the machine's: one that has its
 * controllers in cgroups of version 2, and nothing else.
 */
import { join } from "node:path";
import { execa } from "execa";
import { guestAppend, guestArgs, guestKernel, makeInitramfs } from "./guest.ts";

/** Longest that a script may take: a processor that is emulated takes ten times as long. */
const scriptMsMax = 540_000;

/** What can be written there: all else of the machine is read only. */
export const guestScratch = "/run";

/**
 * Has the machine's file system, and runs in it what `script` says, as root in the root of the hierarchy of cgroups.
 * `folder` is for the guest's own first file system. Rejects with all that it printed when the script fails.
 */
export async function runInGuest(folder: string, script: string): Promise<string> {
  const initramfs = join(folder, "initramfs");
  makeInitramfs(initramfs);
  const { stdout } = await execa(
    "qemu-system-x86_64",
    [
      ...[
        "-machine",
        "q35",
        "-accel",
        "tcg,thread=multi",
        "-cpu",
        "max",
        "-smp",
        "2",
        "-m",
        "1024M",
      ],
      ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio"],
      ...["-kernel", guestKernel, "-initrd", initramfs, "-append", guestAppend],
      ...[
        "-virtfs",
        "local,path=/,mount_tag=machine,security_model=none,readonly=on,multidevs=remap",
      ],
      ...["-fw_cfg", "name=opt/mob/env,string= "],
      ...guestArgs(inMachine(script)),
    ],
    { stdin: "ignore", timeout: scriptMsMax },
  );
  return stdout;
}

function inMachine(script: string): string {
  return `set -e
mkdir /machine
mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=262144,ro machine /machine
mount -t proc proc /machine/proc
mount -t sysfs sys /machine/sys
mount -t devtmpfs dev /machine/dev
mount -t tmpfs tmpfs /machine${guestScratch}
mount -t cgroup2 cgroup2 /machine/sys/fs/cgroup
ifconfig lo 127.0.0.1
cat >/machine${guestScratch}/script <<'SCRIPT'
${script}
SCRIPT
chroot /machine /bin/sh -e ${guestScratch}/script`;
}

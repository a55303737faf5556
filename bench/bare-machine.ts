/** The machine that the provider kvm makes for a script, by QEMU alone, without what is for its keeper. */
import { type ChildProcess, spawn } from "node:child_process";
import { guestAppend, guestArgs, guestKernel } from "../test/support/guest.ts";

const machine = "-M q35 -accel tcg -cpu max -m 128 -nodefaults -no-user-config -display none";

/** What its serial console prints is its standard output. @param folder that it has of the host's */
export function startBareMachine(initrd: string, script: string, folder: string): ChildProcess {
  return spawn(
    "qemu-system-x86_64",
    [
      ...machine.split(" "),
      ...["-serial", "stdio", "-kernel", guestKernel, "-initrd", initrd, "-append", guestAppend],
      ...["-fw_cfg", "name=opt/mob/env,string= "],
      ...guestArgs(script, folder),
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
}

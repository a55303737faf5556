/**
 * From a service's parameters to the shell script that becomes QEMU. Pure. A script, since the keeper holds
 * one in a file of mode 0600: what the machine is told stands on no command line, and its disk is made by
 * what runs it, once for each start. All of its files are named from the folder that it runs in.
 */
import { createHash } from "node:crypto";
import { quote } from "shlex";
import { Unavailable } from "../../core/errors.ts";
import type { InstanceId } from "../../core/ids.ts";
import type { TaskContext } from "../provider.ts";
import { type PublishedPort, publishedPorts } from "../published-ports.ts";
import type { Found } from "./found.ts";
import type { KvmParams } from "./params.ts";

/** Sockets of a machine, in its folder: where it is told what to do, where it tells, and its serial console. */
export const qmpSocket = "qmp.sock";
export const eventsSocket = "events.sock";
export const consoleSocket = "console.sock";

/** @throws Unavailable for what cannot be reached as its ports say */
export function machineScript(
  instance: InstanceId,
  params: KvmParams,
  context: TaskContext,
  found: Found,
): string {
  const qemu = [found.qemu, ...qemuArgs(instance, params, context, found)];
  const lines = [
    "umask 077",
    `printf %s ${quote(environmentText(context.env))} >env`,
    ...diskLines(params, found),
    `exec ${qemu.map(quote).join(" ")}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** As a shell reads it, and systemd's `EnvironmentFile`: a line for each variable. */
function environmentText(env: TaskContext["env"]): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join("");
}

/** One that is kept is made whole by its name, or not at all. */
function diskLines({ disk, keep }: KvmParams, { qemuImg, diskFormat }: Found): readonly string[] {
  if (disk === undefined || qemuImg === undefined) return [];
  const create = [qemuImg, "create", "-q", "-f", "qcow2", "-F", diskFormat, "-b", disk];
  const make = `${create.map(quote).join(" ")} disk.new && mv disk.new disk.qcow2`;
  return [keep ? `[ -e disk.qcow2 ] || { ${make}; } || exit` : `{ ${make}; } || exit`];
}

function qemuArgs(
  instance: InstanceId,
  params: KvmParams,
  context: TaskContext,
  { accel }: Found,
): readonly string[] {
  const { kernel, initrd, append = "console=ttyS0", disk, memory, cpus, args } = params;
  return [
    ...["-name", `guest=${context.service}`, "-nodefaults", "-no-user-config"],
    ...["-machine", "q35", "-accel", accel, "-cpu", accel === "kvm" ? "host" : "max"],
    ...["-m", `${Math.ceil(memory / 1024 ** 2)}M`, "-smp", String(cpus), "-display", "none"],
    // A panic is a failure, whoever looks; a reboot is the machine's own affair.
    ...["-device", "pvpanic-pci", "-action", "panic=exit-failure"],
    ...["-qmp", `unix:${qmpSocket},server=on,wait=off`],
    // Listened to all the time: the other is everybody's, one at a time.
    ...["-qmp", `unix:${eventsSocket},server=on,wait=off`],
    // Its log: the file that the keeper has opened for appending is opened so again.
    ...["-chardev", `${consoleOptions},logfile=/dev/stdout,logappend=on`],
    ...["-serial", "chardev:console"],
    ...["-fw_cfg", "name=opt/mob/env,file=env"],
    ...networkArgs(instance, params, context),
    ...(kernel === undefined ? [] : ["-kernel", kernel, "-append", append]),
    ...(initrd === undefined ? [] : ["-initrd", initrd]),
    ...(disk === undefined ? [] : ["-drive", "file=disk.qcow2,format=qcow2,if=virtio"]),
    ...args,
  ];
}

const consoleOptions = `socket,id=console,path=${consoleSocket},server=on,wait=off`;

function networkArgs(
  instance: InstanceId,
  { ports, tap }: KvmParams,
  context: TaskContext,
): readonly string[] {
  // Of its own on whatever network a tap leads to, and the same at each start.
  const mac = `52:54:00:${createHash("sha256").update(instance).digest("hex").slice(0, 6)}`;
  const address = mac.replace(/(?<=00:.*)(..)(?=.)/g, "$1:");
  const device = `virtio-net-pci,netdev=net,romfile=,mac=${address}`;
  const forwards = publishedPorts(ports, context);
  if (tap !== undefined && forwards.length > 0) {
    throw new Unavailable("params.tap: the service's ports lead to no machine with a tap");
  }
  const network =
    tap === undefined
      ? ["user,id=net", ...forwards.map((port) => `hostfwd=${forwardText(port)}`)].join(",")
      : `tap,id=net,ifname=${tap},script=no,downscript=no`;
  return ["-netdev", network, "-device", device];
}

function forwardText({ protocol, address, host, inside }: PublishedPort): string {
  return `${protocol}:${address}:${host}-:${inside}`;
}

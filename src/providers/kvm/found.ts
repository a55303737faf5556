/** What this node has for machines: QEMU, and what a machine's parameters name. */
import { open } from "node:fs/promises";
import { execa } from "execa";
import { Unavailable } from "../../core/errors.ts";
import { checkFile, findProgram } from "../../keeper/program.ts";
import { inParameter } from "../named-parameter.ts";
import type { ProviderOptions } from "../provider.ts";
import { whyNoKvm } from "./accelerator.ts";
import type { KvmParams } from "./params.ts";

/** What was found on this node for a machine. */
export interface Found {
  /** Absolute paths. `qemuImg` where it has a disk. */
  readonly qemu: string;
  readonly qemuImg: string | undefined;
  readonly diskFormat: "qcow2" | "raw";
  readonly accel: "kvm" | "tcg";
}

const qemu = "qemu-system-x86_64";
/** The first whose exit tells a guest's panic. */
const versionMin = [7, 2] as const;

/** @throws Unavailable naming the parameter that cannot be had on this node, and why */
export async function find(
  { kernel, initrd, disk, accel }: KvmParams,
  path: string | undefined,
): Promise<Found> {
  if (kernel !== undefined) await inParameter("kernel", checkFile(kernel));
  if (initrd !== undefined) await inParameter("initrd", checkFile(initrd));
  const why = accel === "tcg" ? "" : await whyNoKvm();
  if (accel === "kvm" && why !== undefined) throw new Unavailable(`params.accel: ${why}`);
  return {
    qemu: await findProgram(qemu, path),
    qemuImg: disk && (await inParameter("disk", findProgram("qemu-img", path))),
    diskFormat: disk === undefined ? "raw" : await inParameter("disk", formatOf(disk)),
    accel: why === undefined ? "kvm" : "tcg",
  };
}

/** By its first bytes: what a machine may write into a raw image says nothing, since none is written to. */
async function formatOf(image: string): Promise<Found["diskFormat"]> {
  await checkFile(image);
  const file = await open(image);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString("latin1") === "QFI\xfb" ? "qcow2" : "raw";
  } finally {
    await file.close();
  }
}

/** @throws Unavailable when there is no QEMU on the path, or one that is too old */
export async function qemuVersion(env: ProviderOptions["env"]): Promise<string> {
  const program = await findProgram(qemu, env["PATH"]);
  const asked = await execa(program, ["--version"], { env, extendEnv: false, reject: false });
  const [, version, major, minor] = /version ((\d+)\.(\d+)\S*)/.exec(String(asked.stdout)) ?? [];
  if (version === undefined) throw new Unavailable(`${program} does not tell its version`);
  const isOld = Number(major) * 100 + Number(minor) < versionMin[0] * 100 + versionMin[1];
  if (!isOld) return version;
  throw new Unavailable(
    `QEMU ${versionMin.join(".")} or later is needed, and ${program} is ${version}`,
  );
}

/**
 * Whether this machine's processor can run machines. `/dev/kvm` alone does not tell: where the processor
 * has no virtualisation, or what runs this very machine does not hand it on, the device can be there, and
 * a machine hangs on it.
 */
import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { messageOf } from "../../core/errors.ts";

/** Why KVM cannot be used; undefined: it can. */
export async function whyNoKvm(): Promise<string | undefined> {
  const cpus = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  if (!/^flags\s*:.*\b(?:vmx|svm)\b/m.test(cpus)) {
    return "the processor here has no virtualisation (neither vmx nor svm is in /proc/cpuinfo)";
  }
  try {
    await access("/dev/kvm", constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return `/dev/kvm cannot be used: ${messageOf(error)}`;
  }
}

/** Parameters of a domain: what it boots, how large it is, and what it is given of its host. */
import { choice, listOf, text } from "../../core/value-readers.ts";
import { machineSize } from "../machine-size.ts";
import { declareParams } from "../params.ts";

export interface XenParams {
  readonly type: "pv" | "pvh";
  /** Absolute, on the domain 0, as all paths are. */
  readonly kernel: string;
  readonly initrd: string | undefined;
  /** The kernel's command line, before what the environment adds. */
  readonly append: string;
  /** Bytes. */
  readonly memory: number;
  readonly cpus: number;
  /** As xl-disk-configuration(5) and xl-network-configuration(5) have them. */
  readonly disks: readonly string[];
  readonly networks: readonly string[];
}

/** What stands in the quotes of xl.cfg(5). */
const readPath = text(/^\/[\x20-\x7e]{0,1023}$/, "an absolute path, in ASCII");
const readLine = text(/^[\x20-\x7e]{0,1023}$/, "a line of ASCII of at most 1023 characters");

export const xenParams = declareParams(
  "xen",
  "an object with a kernel",
  (fields): XenParams => ({
    type: fields.optional("type", choice(["pv", "pvh"]), "pv", "What kind of domain it is."),
    kernel: fields.required("kernel", readPath, "The kernel that it boots, on the domain 0."),
    initrd: fields.optional("initrd", readPath, undefined, "The kernel's first file system."),
    append: fields.optional("append", readLine, "console=hvc0", "The kernel's command line."),
    ...machineSize(fields, { cpusMax: 512 }),
    disks: fields.optional(
      "disks",
      listOf(readLine, 64),
      [],
      "Disks, each as xl-disk-configuration(5) has them: /dev/vg/web,raw,xvda,rw.",
    ),
    networks: fields.optional(
      "networks",
      listOf(readLine, 64),
      [],
      "Network interfaces, each as xl-network-configuration(5) has them: bridge=xenbr0.",
    ),
  }),
);

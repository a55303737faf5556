/** Parameters of a machine: what it boots from, how large it is, and how it is reached. */
import { described, type Place } from "../../core/reading.ts";
import { choice, flag, listOf, processText, text } from "../../core/value-readers.ts";
import { machineSize } from "../machine-size.ts";
import { declareParams } from "../params.ts";
import { type PublishedPort, parsePublishedPort, publishedPortSchema } from "../published-ports.ts";

export interface KvmParams {
  /** Absolute; undefined: it boots from its disk. */
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  /** The kernel's command line. */
  readonly append: string | undefined;
  /** An image, qcow2 or raw, that is only read; undefined: it has no disk. */
  readonly disk: string | undefined;
  /** What it wrote to its disk stays over its restarts. */
  readonly keep: boolean;
  /** Bytes. */
  readonly memory: number;
  readonly cpus: number;
  readonly ports: readonly PublishedPort[];
  /** A device of the host's, in place of a network of its own. */
  readonly tap: string | undefined;
  readonly accel: "auto" | "kvm" | "tcg";
  /** Further arguments of QEMU's. */
  readonly args: readonly string[];
}

const readPath = text(/^\/[^\0]{0,4094}$/, "an absolute path");
const readAppend = text(/^[^\0\n]{0,2047}$/, "one line of at most 2047 characters");
/** As the kernel has it: less than 16 bytes, no slash, no space, no colon. */
const readTap = text(
  /^(?!\.\.?$)[^\s\0/:,]{1,15}$/,
  "the name of a tap device of the host's, like tap0",
);

/** QEMU forwards from IPv4 addresses alone, and tells no one which port it would choose. */
const readForward = described(publishedPortSchema, (value, at): PublishedPort => {
  const port = parsePublishedPort(value);
  const isKnown = port !== undefined && port.host !== "" && port.protocol !== "sctp";
  if (isKnown && !port.address.includes(":")) return port;
  at.wrong(
    "must be a port of the host's and one of the machine's, like 8080:80, http:80, 127.0.0.1:8080:80 or 53:53/udp",
  );
  return { address: "", host: "", inside: 0, protocol: "tcp" };
});

export const kvmParams = declareParams(
  "kvm",
  "an object with a kernel, or a disk",
  (fields): KvmParams => ({
    kernel: fields.optional("kernel", readPath, undefined, "The kernel that it boots."),
    initrd: fields.optional("initrd", readPath, undefined, "The kernel's first file system."),
    append: fields.optional(
      "append",
      readAppend,
      undefined,
      "The kernel's command line; console=ttyS0 without it.",
    ),
    disk: fields.optional(
      "disk",
      readPath,
      undefined,
      "An image, qcow2 or raw, which is only read: what the machine writes is the instance's own.",
    ),
    keep: fields.optional("keep", flag, false, "Keeps what it wrote to its disk over restarts."),
    ...machineSize(fields, { cpusMax: 255 }),
    ports: fields.optional(
      "ports",
      listOf(readForward, 256),
      [],
      "Ports of the host's that lead to ones of the machine's.",
    ),
    tap: fields.optional(
      "tap",
      readTap,
      undefined,
      "A tap device of the host's that it is connected to, in place of a network of its own.",
    ),
    accel: fields.optional(
      "accel",
      choice(["auto", "kvm", "tcg"]),
      "auto",
      "What runs it: the processor (kvm), or a program in its place (tcg).",
    ),
    args: fields.optional(
      "args",
      listOf(processText(32_768), 1_024),
      [],
      "Further arguments of QEMU's, as they are.",
    ),
  }),
  wrongTogether,
);

function wrongTogether(
  { kernel, initrd, append, disk, keep, ports, tap }: KvmParams,
  at: Place,
): void {
  if (kernel === undefined) {
    if (disk === undefined) at.member("kernel").wrong("is missing, and there is no disk either");
    if (initrd !== undefined) at.member("initrd").wrong("needs a kernel");
    if (append !== undefined) at.member("append").wrong("needs a kernel");
  }
  if (keep && disk === undefined) at.member("keep").wrong("needs a disk");
  if (tap !== undefined && ports.length > 0) {
    at.member("ports").wrong(
      "cannot be forwarded to a machine with a tap, which has addresses of its own",
    );
  }
}

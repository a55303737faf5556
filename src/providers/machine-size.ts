/** How large a virtual machine is: parameters of whatever runs one. */
import type { Fields } from "../core/reading.ts";
import { integer, size } from "../core/value-readers.ts";

const mebibyte = 1024 ** 2;

/** `memory` in bytes. */
export function machineSize(fields: Fields, { cpusMax }: { readonly cpusMax: number }) {
  return {
    memory: fields.optional(
      "memory",
      size({ min: mebibyte, max: 2 ** 50 }),
      256 * mebibyte,
      "Its memory, in whole MiB.",
    ),
    cpus: fields.optional("cpus", integer({ min: 1, max: cpusMax }), 1, "Its processors."),
  };
}

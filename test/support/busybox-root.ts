/**
 * The root of an image made here, since tests ask no registry of the internet: Debian's static busybox
 * under all of its names.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The name under which the engines of tests have it. */
export const busyboxImage = "mob/busybox:1";

/**
 * The same with a HEALTHCHECK, as a line of a Dockerfile: a file `/checked/healthy`. What it waits for at the start
 * may take its time.
 */
export const checkedImage = "mob/checked:1";
export const healthcheck =
  "HEALTHCHECK --interval=200ms --retries=2 --start-period=1h CMD test -e /checked/healthy || { echo no file; exit 3; }";

export function makeRootFolder(root: string): void {
  for (const name of ["bin", "etc", "proc", "sys", "dev", "tmp"]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync("/bin/busybox", join(root, "bin", "busybox"));
  for (const applet of execFileSync("/bin/busybox", ["--list"], { encoding: "utf8" }).split("\n")) {
    if (applet !== "" && applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
  }
  writeFileSync(
    join(root, "etc", "passwd"),
    "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
  );
  writeFileSync(join(root, "etc", "group"), "root:x:0:\nnogroup:x:65534:\n");
}

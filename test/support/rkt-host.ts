/**
 * rkt for tests: a folder with `bin/rkt` and `lib/stage1-fly.aci`, which `MOB_TEST_RKT` names where somebody has built
 * one, or the stand-in for it; and an image, an ACI of busybox that is made here.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/root.ts";
import { makeRootFolder } from "./busybox-root.ts";

/** Names the folder with rkt in it; processes that a test starts inherit it. */
export const rktVariable = "MOB_TEST_RKT";
/** Names the image, as that. */
export const imageVariable = "MOB_TEST_RKT_IMAGE";

/** Why pods cannot be run in a test; false: they can. */
export function whyNoPods(): string | false {
  if (process.getuid?.() !== 0) return "pods take root";
  return existsSync("/bin/busybox") ? false : "there is no /bin/busybox (Debian: busybox-static)";
}

/** @param folder gets the image. @returns its path, which is then in the environment */
export function makeImage(folder: string): string {
  const image = join(folder, "busybox.aci");
  const labels = { os: "linux", arch: process.arch === "arm64" ? "aarch64" : "amd64" };
  const manifest = {
    acKind: "ImageManifest",
    acVersion: "0.8.11",
    name: "mob.test/busybox",
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    app: { exec: ["/bin/true"], user: "0", group: "0" },
  };
  mkdirSync(join(folder, "rootfs"));
  makeRootFolder(join(folder, "rootfs"));
  writeFileSync(join(folder, "manifest"), JSON.stringify(manifest));
  execFileSync("tar", ["-C", folder, "-cf", image, "manifest", "rootfs"]);
  process.env[imageVariable] = image;
  return image;
}

/** Puts the stand-in into `folder`, and names that in the environment. */
export function standIn(folder: string): void {
  for (const name of ["bin", "lib"]) mkdirSync(join(folder, name));
  copyFileSync(join(root, "test/support/rkt-stand-in.sh"), join(folder, "bin/rkt"));
  writeFileSync(join(folder, "lib/stage1-fly.aci"), "");
  process.env[rktVariable] = folder;
}

/** What of the machine the engines of tests need, and what they leave on it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Why an engine that needs root and these programs cannot be started; false: it can. */
export function whyMissing(...programs: readonly string[]): string | false {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return "an engine of the test's own needs root on Linux";
  }
  const folders = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`.split(":");
  const missing = programs.filter(
    (program) => !folders.some((folder) => existsSync(join(folder, program))),
  );
  return missing.length === 0 ? false : `there is no ${missing.join(", no ")} here`;
}

/** Mount points below a folder, the innermost first. */
export function mountsBelow(folder: string): readonly string[] {
  const points = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  return points.filter((point) => point.startsWith(`${folder}/`)).reverse();
}

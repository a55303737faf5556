/** Whether processes can be isolated here, for tests that want them so. */
import { execFileSync } from "node:child_process";
import { skipWithout } from "./engine-needed.ts";

/** For a test's `skip`. */
export function noIsolation(): string | false {
  try {
    execFileSync("bwrap", ["--ro-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "true"]);
    return false;
  } catch (error) {
    return skipWithout(`bubblewrap does not isolate here: ${String(error)}`);
  }
}

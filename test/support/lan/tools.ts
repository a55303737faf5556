/** The programs that make networks (iproute2, iptables, util-linux), and whether they work here. */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

/** To its end. @throws Error with what it printed */
export function ip(...args: readonly string[]): string {
  return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/**
 * Before a command: has it run in that network namespace, and otherwise where its caller is. (`ip netns
 * exec` would take away /sys as well, and with it the control groups.)
 */
export function inside(namespace: string): readonly [string, string] {
  return ["nsenter", `--net=/run/netns/${namespace}`];
}

/** Runs a command there to its end, while others go on. @throws Error with what it printed */
export async function runInside(namespace: string, ...command: readonly string[]): Promise<void> {
  const [program, ...args] = inside(namespace);
  await promisify(execFile)(program, [...args, ...command]);
}

/** Why no network of namespaces can be made here; false: it can. */
export function whyNoLan(): string | false {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return "network namespaces need root on Linux";
  }
  const name = `mob-try-${process.pid}`;
  try {
    ip("netns", "add", name);
  } catch (error) {
    return `no network namespace can be made: ${firstLine(error)}`;
  }
  try {
    ip("-n", name, "link", "add", "lan", "type", "bridge");
    const [program, ...args] = inside(name);
    execFileSync(program, [...args, "iptables", "-w", "-L"], { stdio: ["ignore", "pipe", "pipe"] });
    return false;
  } catch (error) {
    return `no bridge or firewall can be made: ${firstLine(error)}`;
  } finally {
    ip("netns", "delete", name);
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error)
    .trim()
    .replaceAll("\n", "; ");
}

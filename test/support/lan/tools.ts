/** The programs that make networks (iproute2, iptables, util-linux), and whether they work here. */
import { execFileSync } from "node:child_process";

/** Runs one of them to its end. @throws Error with what it printed */
export function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

export function ip(...args: readonly string[]): string {
  return run("ip", ...args);
}

/**
 * Before a command: has it run in that network namespace, and otherwise where its caller is. (`ip netns
 * exec` would take away /sys as well, and with it the control groups.)
 */
export function inside(namespace: string): readonly [string, string] {
  return ["nsenter", `--net=/run/netns/${namespace}`];
}

export function runInside(namespace: string, ...command: readonly string[]): string {
  const [program, ...args] = inside(namespace);
  return run(program, ...args, ...command);
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
    runInside(name, "iptables", "-w", "-L");
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

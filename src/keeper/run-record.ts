/**
 * The claim on a task: a node writes it, with the identity of the shim that it hands the task to next,
 * and the payload adds its pid, or the shim `cancelled` where it cannot begin. A node that finds an
 * intent without a claim writes `cancelled` in its place. Then that task never runs.
 */
import type { ProcessIdentity } from "./process-identity.ts";

/** A shim has the task, or is about to be handed it. */
export interface ClaimedRun {
  readonly kind: "claimed";
  readonly shim: ProcessIdentity;
  /** The cgroup meant for the payload; undefined where there are none. */
  readonly cgroup: string | undefined;
  /** Undefined until the payload has said so. */
  readonly payloadPid: number | undefined;
}

export type RunRecord = ClaimedRun | { readonly kind: "cancelled" };

const cancelledLine = "cancelled";

/** What a node writes to cancel. */
export const cancelledText = `${cancelledLine}\n`;

/** What a node writes to claim. */
export function claimText({ pid, startTicks, bootId }: ProcessIdentity, cgroup = "-"): string {
  return `${pid} ${startTicks ?? "-"} ${bootId} ${cgroup}\n`;
}

/**
 * Parses `SHIM-PID TICKS BOOT-ID CGROUP\nPAYLOAD-PID\n`, `-` standing for what is not there, with
 * `cancelled` in place of either line. Undefined while the first line is not whole: only a line that ends
 * in a newline counts.
 */
export function parseRunRecord(text: string): RunRecord | undefined {
  const lines = text.split("\n");
  if (lines.slice(0, -1).includes(cancelledLine)) return { kind: "cancelled" };
  const [first, second, rest] = lines;
  if (first === undefined || second === undefined) return undefined;
  const match = /^(\d+) (\d+|-) ([0-9a-f-]+) (.+)$/.exec(first);
  if (match === null) return undefined;
  const [, pid, ticks, bootId = "-", cgroup] = match;
  return {
    kind: "claimed",
    shim: { pid: Number(pid), startTicks: ticks === "-" ? undefined : Number(ticks), bootId },
    cgroup: cgroup === "-" ? undefined : cgroup,
    payloadPid: rest === undefined ? undefined : Number(second),
  };
}

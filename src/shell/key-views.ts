/** The network's keys as people read them, and what the next step of a rotation is. */
import type { JoinTokenView, KeysView } from "../api/trust-shapes.ts";
import type { Paint } from "./style.ts";
import { formatTable, type Row } from "./table.ts";

export function formatKeys({ keys, away }: KeysView, paint: Paint): string {
  const rows = keys.map(
    ({ id, state, revision, missing }): Row => [id, state, revision, missing.join(", ") || "-"],
  );
  const table = formatTable(["KEY", "STATE", "REVISION", "MISSED BY"], rows, paint);
  return table + nextStep({ keys, away });
}

function nextStep({ keys, away }: KeysView): string {
  const [used, next] = keys;
  const lines: string[] = [];
  if (used === undefined) return "";
  if (next !== undefined && next.revision < used.revision && next.revision > 0) {
    lines.push(`next: mob key remove ${next.id}, and nodes no longer take it`);
  } else if (next !== undefined) {
    lines.push(`next: mob key use ${next.id}, once no one misses it`);
  }
  if (keys.length > 1 && away.length > 0) {
    const who = away.join(", ");
    lines.push(
      `not here now: ${who}. Who misses the whole rotation needs a token to come back: mob token join`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** What goes with a token: the token itself is printed alone, so that it can be piped. */
export function aboutJoinToken({ address, expires }: JoinTokenView): string {
  const until = new Date(expires).toISOString();
  const lines = [
    `it is good once, until ${until}, and as long as this node runs; on the other machine:`,
    "  mob --token TOKEN            starts a node there and joins",
    "  mob join --token TOKEN       joins with a node that runs there",
  ];
  if (/^(127\.|localhost:|\[::1\])/.test(address)) {
    lines.push(`only nodes of this host reach ${address}: start this node with --bind for others`);
  }
  return `${lines.join("\n")}\n`;
}

/** What tasks use, as people read it. */
import type { StatsView } from "../api/stats-shapes.ts";
import { sizeText } from "../core/quantities.ts";
import type { Paint } from "./style.ts";
import { formatTable, type Row } from "./table.ts";
import { byName, formatAge } from "./views.ts";

const none = "-";

export function formatStats(stats: readonly StatsView[], paint: Paint): string {
  const rows = byName(stats).map(
    (one): Row => [
      one.name,
      one.slot,
      one.node ?? none,
      one.provider,
      amount(one.cpuPercent, one.cpuPercentMax, (percent) => `${percent}%`),
      amount(one.memoryBytes, one.memoryBytesMax, (bytes) => sizeText(rounded(bytes))),
      one.processes ?? none,
      one.uptimeMs === null ? none : formatAge(one.uptimeMs),
      one.reason ?? "",
    ],
  );
  const figures = ["CPU", "MEMORY", "PROCESSES", "UP"];
  return formatTable(["NAME", "SLOT", "NODE", "PROVIDER", ...figures, "REASON"], rows, paint);
}

function amount(used: number | null, most: number | null, text: (value: number) => string): string {
  if (used === null) return none;
  return most === null ? text(used) : `${text(used)} of ${text(most)}`;
}

/** To three figures: what changes all the time is read no more exactly. */
function rounded(bytes: number): number {
  return Number(bytes.toPrecision(3));
}

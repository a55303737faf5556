/** What is remembered of services, as people read it. */
import type { HistoryEntry } from "../api/watch-shapes.ts";
import type { Paint } from "./style.ts";
import { formatTable, printable, type Row } from "./table.ts";

export function formatHistory(entries: readonly HistoryEntry[], paint: Paint): string {
  const rows = entries.map((entry): Row => {
    const isCurrent = entry.state === "current";
    const state = { text: entry.state, colour: isCurrent ? "green" : "yellow" } as const;
    return [formatMoment(entry.at), state, entry.kind, entry.by, wordOf(entry)];
  });
  return formatTable(["WRITTEN", "STATE", "WHAT", "BY", ""], rows, paint);
}

function wordOf(entry: HistoryEntry): string {
  const { kind, removed, generation, run, spec, rollback } = entry;
  if (removed) return "removed";
  if (kind === "copy") {
    const { name = "", slot, node = "", reason = "" } = entry;
    return printable(`${name}/${slot} on ${node} ended: ${reason}`);
  }
  if (kind === "run") return run ?? "";
  const text = JSON.stringify(spec) ?? "";
  const shown = text.length > specCharsMax ? `${text.slice(0, specCharsMax)}…` : text;
  const why = rollback === undefined ? "" : `, rolled back (${rollback})`;
  return `generation ${generation}${why}: ${shown}`;
}

/** Of a spec, in a table; `--json` has all of it. */
const specCharsMax = 120;

export function formatMoment(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/\.\d+/, "");
}

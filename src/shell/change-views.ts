/** Changes of services, and what is remembered of them, as people read them. */
import type { HistoryEntry, ServiceChange } from "../api/watch-shapes.ts";
import { type Paint, stateColour } from "./style.ts";
import { formatTable, printable, type Row } from "./table.ts";
import { lastEnd, shownState } from "./views.ts";

/** One line; none for what the line of another change of the same wish says already. */
export function formatChange(change: ServiceChange, paint: Paint): string {
  const what = whatOf(change, paint);
  if (what === undefined) return "";
  return `${formatMoment(change.at)}  ${paint("bold", printable(change.name))}  ${what}\n`;
}

export function formatHistory(entries: readonly HistoryEntry[], paint: Paint): string {
  const rows = entries.map((entry): Row => {
    const isCurrent = entry.state === "current";
    const state = { text: entry.state, colour: isCurrent ? "green" : "yellow" } as const;
    return [formatMoment(entry.at), state, entry.kind, entry.by, wordOf(entry)];
  });
  return formatTable(["WRITTEN", "STATE", "WHAT", "BY", ""], rows, paint);
}

function whatOf(change: ServiceChange, paint: Paint): string | undefined {
  const { kind, removed, state } = change;
  switch (kind) {
    case "spec":
      return removed ? "removed" : deployText(change);
    case "run":
      return removed ? undefined : `wanted ${change.run ?? "as a newer version says"}`;
    case "restart":
      return removed ? undefined : "to be restarted";
    case "placement":
      if (removed) return undefined;
      return typeof change.node === "string"
        ? `placed on ${change.node}, epoch ${change.epoch ?? "unknown"}`
        : (change.reason ?? "placed as a newer version says");
    case "status": {
      if (removed || state === undefined) return removed ? "nothing of it is left" : undefined;
      const told = shownState(change);
      const colour = stateColour(told);
      const shown = colour === undefined ? told : paint(colour, told);
      const reason = change.reason ?? endOf(change);
      const why = reason === undefined ? "" : `: ${printable(reason)}`;
      const health = { true: ", healthy", false: ", unhealthy", null: "" }[
        `${change.healthy ?? null}`
      ];
      return `${shown}${health} on ${change.node}${handleText(change)}${why}`;
    }
    case "lost":
      if (removed) return undefined;
      return "two nodes wrote at once; what did not hold is in `mob history`";
  }
}

function deployText({ generation: known, rollback }: ServiceChange): string {
  const generation = known ?? "unknown";
  if (rollback === undefined) return `deployed, generation ${generation}`;
  return `rolled back, generation ${generation}: ${printable(rollback)}`;
}

/** How its last task ended, where nobody wished it: a restart by policy begins with it. */
function endOf({ state, restarts = 0, exit }: ServiceChange): string | undefined {
  const isTold = state === "done" || state === "failed" || (state === "starting" && restarts > 0);
  return isTold && exit !== undefined ? lastEnd(exit) : undefined;
}

function handleText({ handle = {} }: ServiceChange): string {
  const pairs = Object.entries(handle).map(([key, value]) => ` ${key}=${value}`);
  return pairs.length === 0 ? "" : `,${pairs.join(",")}`;
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

function formatMoment(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/\.\d+/, "");
}

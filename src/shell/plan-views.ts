/** A plan as people read it: each service, what changes in its spec, and where it would run. */
import type { PlanResult } from "../api/results.ts";
import type { Paint } from "./style.ts";
import { formatTable, printable, type Row } from "./table.ts";

/** Longest value shown of a field; `--json` has all of it. */
const valueCharsMax = 120;

export function formatPlans(plans: readonly PlanResult[], paint: Paint): string {
  return plans.map((plan) => formatPlan(plan, paint)).join("");
}

function formatPlan({ group, result, generation, changes, instances }: PlanResult, paint: Paint) {
  const outcome = result === "unchanged" ? result : `would be ${result}`;
  const title = `${paint("bold", printable(group))}: ${outcome}, generation ${generation}\n`;
  const fields = changes.map((change) => `  ${changeText(change)}\n`);
  const rows = instances.map(
    ({ name, slot, action, node, from, reason }): Row => [
      `  ${name}`,
      slot,
      action === "wait" ? { text: action, colour: "yellow" } : action,
      action === "replace" && from !== node ? `${from ?? none} → ${node ?? none}` : (node ?? none),
      reason,
    ],
  );
  const table = formatTable(["  NAME", "SLOT", "ACTION", "NODE", "WHY"], rows, paint);
  return `${title}${fields.join("")}${table}`;
}

const none = "-";

function changeText({ path, from, to }: PlanResult["changes"][number]): string {
  return `${printable(path)}: ${valueText(from)} → ${valueText(to)}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return "(none)";
  const text = printable(JSON.stringify(value));
  return text.length > valueCharsMax ? `${text.slice(0, valueCharsMax)}…` : text;
}

/** What happens to actors, as people read it: traces line by line, and what was done to them. */
import { inspect } from "node:util";
import type {
  RestartedView,
  ResumedView,
  SuspendedView,
  TraceRecordView,
} from "../api/actor-shapes.ts";
import type { Paint } from "./style.ts";
import { printable } from "./table.ts";
import { formatAge } from "./views.ts";

/** Longest text of a message in a trace. `--json` has it all. */
const messageCharsMax = 200;

export function formatSuspended({ node, path, resumesAt }: SuspendedView, now: number): string {
  const left = formatAge(Math.ceil((resumesAt - now) / 1_000) * 1_000);
  return `${path} on ${node} is suspended, for ${left} at most: it queues its messages until it is resumed\n`;
}

export function formatResumed({ node, path, wasSuspended }: ResumedView): string {
  return `${path} on ${node} ${wasSuspended ? "goes on" : "was not suspended"}\n`;
}

export function formatRestarted({ node, result, paths }: RestartedView): string {
  const list = paths.map((path) => `  ${path}\n`).join("");
  if (result === "restarted") return `restarted on ${node}, with all below:\n${list}`;
  return (
    `about to be restarted on ${node}, with all below:\n${list}` +
    "among them is what answers here, so this connection may end: the next call makes another\n"
  );
}

/** Lines, each with its newline. `of`: what is traced. */
export function formatTraceRecord(record: TraceRecordView, of: string, paint: Paint): string {
  const { at, kind, method, from, skipped } = record;
  const time = new Date(at).toISOString().slice(11, 23);
  const left = skipped === 0 ? "" : `${paint("yellow", `(${skipped} more were left out)`)}\n`;
  const what = [paint("dim", time), paint("bold", of), kind, method ?? ""];
  if (from !== undefined) what.push(paint("dim", `from ${from}`));
  const content = contentOf(record);
  return `${left}${what.filter((part) => part !== "").join(" ")}${content}\n`;
}

function contentOf(record: TraceRecordView): string {
  if (!("message" in record) || record.message === undefined) return "";
  const text = printable(
    inspect(record.message, { breakLength: Number.POSITIVE_INFINITY, compact: true, depth: 5 }),
  );
  return ` ${text.length <= messageCharsMax ? text : `${text.slice(0, messageCharsMax)}…`}`;
}

/** Why a trace is over, for people. */
export function formatTraceEnd(of: string, why: string): string {
  switch (why) {
    case "done":
      return `the trace of ${of} has shown all it was to show\n`;
    case "replaced":
      return `the trace of ${of} is over: someone else traces it now\n`;
    case "failed":
      return `the trace of ${of} failed\n`;
    default:
      return `the trace of ${of} is over: ${why}\n`;
  }
}

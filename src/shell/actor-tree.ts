/** Draws a tree of actors, as `pstree` draws processes, and tells of one actor. */
import type { ActorDetail, ActorView } from "../api/actor-shapes.ts";
import type { Paint } from "./style.ts";
import { formatTable, printable, type Row } from "./table.ts";
import { formatAge } from "./views.ts";

export function formatActorTree(root: ActorView, paint: Paint): string {
  const header = ["ACTOR", "KIND", "STATUS", "MAILBOX", "HANDLED", "RESTARTS", "NAME"];
  return formatTable(header, rowsOf(root, "", ""), paint);
}

export function formatActor(actor: ActorDetail, now: number): string {
  const { lastCrash, state, ...facts } = actor;
  const shown = { ...facts, busyMs: Math.round(facts.busyMs) };
  const lines = Object.entries(shown).map(([key, value]) => factLine(key, String(value)));
  if (lastCrash !== undefined) {
    lines.push(factLine("lastCrash", `${formatAge(now - lastCrash.at)} ago: ${lastCrash.reason}`));
  }
  if (state !== undefined) lines.push(factLine("state", JSON.stringify(state, undefined, 2)));
  return lines.join("");
}

/** `lead` stands before the actor itself, `below` before all under it. */
function rowsOf(actor: ActorView, lead: string, below: string): Row[] {
  const { path, name, kind, strategy, status, mailbox, handled, restarts, children } = actor;
  const own = lead === "" ? path : path.slice(path.lastIndexOf("/") + 1);
  const what = strategy === undefined ? kind : `${kind} ${strategy}`;
  const colour = status === "running" ? undefined : "yellow";
  const row: Row = [
    `${lead}${own}`,
    what,
    { text: status, colour },
    mailbox,
    handled,
    restarts,
    name ?? "",
  ];
  const rest = children.flatMap((child, index) => {
    const last = index === children.length - 1;
    return rowsOf(child, `${below}${last ? "└─ " : "├─ "}`, `${below}${last ? "   " : "│  "}`);
  });
  return [row, ...rest];
}

function factLine(key: string, value: string): string {
  const text = value.includes("\n") ? value : printable(value);
  return `${key.padEnd(12)}${text}\n`;
}

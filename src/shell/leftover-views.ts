/** What is left of nodes that are gone, as people read it. */
import type { LeftoversView, RemovedLeftovers } from "../api/leftover-shapes.ts";
import type { Paint } from "./style.ts";
import { formatTable, printable, type Row } from "./table.ts";
import { formatAge } from "./views.ts";

const none = "-";
/** Digits of a network's id that people can tell it by. */
const networkDigits = 12;

/** `now`: wall clock, ms. */
export function formatLeftovers(
  { leftovers, unread }: LeftoversView,
  now: number,
  paint: Paint,
): string {
  const rows = leftovers.map(
    (one): Row => [
      one.provider,
      one.id,
      one.instance,
      one.service ?? none,
      one.network?.slice(0, networkDigits) ?? none,
      one.dataFolder ?? none,
      one.since === null ? none : formatAge(now - one.since),
      { text: one.state, colour: one.state === "gone" ? "red" : "yellow" },
      one.reason,
    ],
  );
  const whose = ["SERVICE", "NETWORK", "DATA FOLDER"];
  const header = ["PROVIDER", "ID", "INSTANCE", ...whose, "FOR", "STATE", "REASON"];
  return `${formatTable(header, rows, paint)}${unreadLines(unread)}`;
}

export function formatRemoved({ results, unread }: RemovedLeftovers, paint: Paint): string {
  const rows = results.map(
    ({ provider, id, instance, result, reason = "" }): Row => [
      provider ?? none,
      id,
      instance ?? none,
      { text: result, colour: result === "removed" ? "green" : "yellow" },
      reason,
    ],
  );
  const header = ["PROVIDER", "ID", "INSTANCE", "RESULT", "REASON"];
  return `${formatTable(header, rows, paint)}${unreadLines(unread)}`;
}

function unreadLines(unread: LeftoversView["unread"]): string {
  return unread
    .map(
      ({ provider, reason }) => `${provider} could not be looked through: ${printable(reason)}\n`,
    )
    .join("");
}

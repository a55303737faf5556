/** What placement says, in words: why a node was picked, and why none was. Pure. */
import type { Choice } from "./placement.ts";
import type { Refusal } from "./records.ts";

/** For the status of a service that no node can take: `a: is dead; b: does not offer docker`. */
export function refusalsText(refusals: readonly Refusal[]): string {
  if (refusals.length === 0) return "no node can take it: there is none";
  const each = refusals.map(({ name, reasons }) => `${name} ${reasons.join(" and ")}`);
  return `no node can take it: ${each.join("; ")}`;
}

/** For one that runs on, since no node can take it as it is to be. */
export function waitsText(refusals: readonly Refusal[]): string {
  return `runs as before its change: ${refusalsText(refusals)}`;
}

/** Why a node was picked, for people. */
export function choiceText(choice: Choice): string {
  switch (choice.kind) {
    case "present":
      return "it is there already";
    case "only":
      return "the only node that can take it";
    case "everywhere":
      return "one on every node that can take it";
    case "spread":
      return `the fewest of its instances (${choice.siblings}) of ${choice.among} nodes that can take it`;
    case "fewest":
      return `the fewest instances (${choice.instances}) of ${choice.among} nodes that can take it`;
    case "rank":
      return `first in rank of those with the fewest instances (${choice.instances}), of ${choice.among} nodes that can take it`;
  }
}

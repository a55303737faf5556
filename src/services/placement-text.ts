/** What placement says, in words: why a node was picked, why none was, and why a copy was not kept. Pure. */
import type { CopyMerit } from "./copies.ts";
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

/** Why a second copy of an instance was ended. @param keptOn the name of the node of the other */
export function copyText(keptOn: string, merit: CopyMerit): string {
  const why = meritTexts[merit];
  return `a second copy after the network was whole again; kept the one on ${keptOn} because ${why}`;
}

const meritTexts: Readonly<Record<CopyMerit, string>> = {
  confirmed: "it confirmed that it runs, and this one did not",
  healthy: "it does its work, and this one does not",
  eligible: "its node can have it, and this one's cannot",
  current: "it needs no new task to be what is wanted",
  longest_running: "it has run longer",
  keep_original: "it was placed first",
  keep_replacement: "it was placed last",
  best_score: "its node is where it would be placed now",
};

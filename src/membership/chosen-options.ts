/**
 * What an operator asks of membership, as text: a preset, and what is to differ from it, such as
 * `wan,probeMs=3000`. Checked here, since a number out of range would only show as nodes that die.
 */
import { BadRequest } from "../core/errors.ts";
import { type MembershipOptions, presets } from "./options.ts";

/** Where nothing, or no wait, is a sensible choice. */
const mayBeZero: ReadonlySet<string> = new Set<keyof MembershipOptions>([
  "indirectProbes",
  "confirmations",
  "healthMax",
  "lateRestMs",
  "gatherMs",
  "headStartMs",
]);
const valueMax = 1e9;

/** `PRESET[,OPTION=NUMBER…]`. @throws BadRequest naming what is wrong, and what there is */
export function parseMembershipOptions(text: string): MembershipOptions {
  const [first = "", ...changes] = text.split(",").map((part) => part.trim());
  const preset = Object.entries(presets).find(([name]) => name === first)?.[1];
  if (preset === undefined) {
    const known = Object.keys(presets).join(", ");
    throw new BadRequest(`membership "${first}" is no preset; there are: ${known}`);
  }
  const chosen = { ...preset, ...Object.fromEntries(changes.map(parseChange)) };
  if (chosen.probeTimeoutMs < chosen.probeMs) return chosen;
  const { probeMs, probeTimeoutMs } = chosen;
  throw new BadRequest(
    `membership: probeTimeoutMs (${probeTimeoutMs}) must be below probeMs (${probeMs})`,
  );
}

function parseChange(change: string): readonly [string, number] {
  const [, option = "", value = ""] = /^([^=]*)=(.*)$/.exec(change) ?? [];
  if (option === "") {
    throw new BadRequest(`membership "${change}" should look like probeMs=300`);
  }
  if (!Object.hasOwn(presets.lan, option)) {
    const known = Object.keys(presets.lan).join(", ");
    throw new BadRequest(`membership has no option "${option}"; there are: ${known}`);
  }
  const least = mayBeZero.has(option) ? 0 : 1;
  const number = Number(value);
  if (/^[0-9]+$/.test(value) && number >= least && number <= valueMax) return [option, number];
  throw new BadRequest(
    `membership ${option}="${value}" should be a whole number from ${least} to ${valueMax}`,
  );
}

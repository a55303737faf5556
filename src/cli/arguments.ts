/** Reads the values of options; what is wrong is told with the option's name. */
import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import { formatAddress, parseAddress } from "../core/address.ts";
import { BadRequest } from "../core/errors.ts";
import { weightMax, weightMin } from "../core/limits.ts";
import { parseDuration, parseSize } from "../core/quantities.ts";
import type { Resources } from "../core/resources.ts";
import { type Role, roles } from "../trust/role.ts";
import { parsePort } from "./context.ts";

export function portOption(text: string): number {
  return parsePort(text, "--port");
}

/** `docker,bash`, with files of third parties from where the command is given: `./acme.js`. */
export function providersOption(text: string): string[] {
  const types = text.split(",").map((type) => type.trim());
  const empty = types.flatMap((type, at) => (type === "" ? [at + 1] : []));
  if (empty.length > 0) {
    const [entries, are] = empty.length === 1 ? ["entry", "is"] : ["entries", "are"];
    const which = `${entries} ${empty.join(" and ")} of ${types.length} ${are} empty`;
    throw new BadRequest(
      `--providers "${text}": ${which}; it should look like bash,docker,./acme.js`,
    );
  }
  return types.map((type) => (isProviderFile(type) ? resolve(type) : type));
}

/** A path, or a name with the ending of a module; not a package, whose name may have a slash in it. */
function isProviderFile(word: string): boolean {
  return /^\.{0,2}\//.test(word) || /^[^@].*\.[cm]?[jt]s$/.test(word);
}

/** `zone=eu`, once a label. */
export function labelOption(
  text: string,
  before: Readonly<Record<string, string>>,
): Record<string, string> {
  const [, key, value] = /^([^=\s]+)=(.*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw new BadRequest(`--label "${text}" should look like zone=eu`);
  }
  return { ...before, [key]: value };
}

/** `host:port`, once a node. */
export function addressesOption(text: string, before: readonly string[]): string[] {
  return [...before, formatAddress(parseAddress(text))];
}

/** An address of this host, or all of them. */
export function bindOption(text: string): string {
  return hostOption("--bind", text);
}

/** What others reach this host by. */
export function advertiseOption(text: string): string {
  return hostOption("--advertise", text);
}

/** Without a port: that is `--port`'s. IPv6 may stand in brackets, as in `host:port`. */
function hostOption(option: string, text: string): string {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (bare.includes(":") ? isIPv6(bare) : /^[\w.-]{1,253}$/.test(bare)) return bare;
  const form = "should be a host without a port, like 192.168.1.5, fd00::5 or box.lan";
  throw new BadRequest(`${option} "${text}" ${form}`);
}

/** A node's name: it stands in commands and tables, so it is one word. */
export function nodeNameOption(text: string): string {
  if (/^[^\s\p{C}]{1,128}$/u.test(text)) return text;
  throw new BadRequest(`--name "${text}" should be one word of at most 128 characters`);
}

/** What the holder of a token may do. */
export function roleOption(text: string): Role {
  const role = roles.find((known) => known === text);
  if (role !== undefined) return role;
  throw new BadRequest(`--role "${text}" should be one of ${roles.join(", ")}`);
}

/** Twice another's: about twice as many records. */
export function weightOption(text: string): number {
  const weight = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (weight >= weightMin && weight <= weightMax) return weight;
  throw new BadRequest(`--weight "${text}" should be a number from ${weightMin} to ${weightMax}`);
}

/** What there is to be reserved, where it is not all that is found: `memory=8GB,cpu=1.5`. */
export function capacityOption(text: string): Partial<Resources> {
  const capacity: { memoryBytes?: number; milliCpus?: number } = {};
  for (const part of text.split(",")) {
    const [, key, value = ""] = /^(memory|cpu)=(.+)$/.exec(part.trim()) ?? [];
    const amount = key === "memory" ? parseSize(value) : Math.round(Number(value) * 1_000);
    if (key === undefined || amount === undefined || !(amount >= 0 && amount <= 2 ** 50)) {
      throw new BadRequest(`--capacity "${text}" should look like memory=8GB,cpu=1.5`);
    }
    capacity[key === "memory" ? "memoryBytes" : "milliCpus"] = amount;
  }
  return capacity;
}

/** What the most is, a node says. */
export function instancesArgument(text: string): number | "everywhere" {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  if (text === "everywhere") return text;
  const form = "should be a whole number from 0, or everywhere, as in mob scale web 3";
  throw new BadRequest(`instances "${text}" ${form}`);
}

/** A number of lines, or `all`. */
export function tailOption(text: string): number | "all" {
  return text === "all" ? "all" : countOption("--tail")(text);
}

/** In ms, of text like `90s`. */
export function durationOption(option: string): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    if (ms !== undefined) return ms;
    throw new BadRequest(`${option} "${text}" should be a duration, like 90s or 5m`);
  };
}

export function countOption(option: string): (text: string) => number {
  return (text) => {
    if (/^[0-9]{1,9}$/.test(text)) return Number(text);
    throw new BadRequest(`${option} "${text}" should be a number`);
  };
}

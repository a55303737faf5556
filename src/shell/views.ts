/** The API's answers as people read them: which columns, in which order and words. */
import type { ActionResult, DeployResult, DrainResult, PausedResult } from "../api/results.ts";
import type {
  EndpointView,
  InstanceView,
  NodeView,
  ProviderView,
  ServiceDetail,
  TaskEnd,
  TokenView,
} from "../api/shapes.ts";
import { sizeText } from "../core/quantities.ts";
import { type Paint, stateColour } from "./style.ts";
import { type Cell, formatTable, printable, type Row } from "./table.ts";

const none = "-";

/** As people count: s2 before s10. */
const { compare } = new Intl.Collator("en", { numeric: true });

export function byName<T extends { readonly name: string }>(rows: readonly T[]): readonly T[] {
  return rows.toSorted((a, b) => compare(a.name, b.name));
}

export function formatNodes(nodes: readonly NodeView[], paint: Paint): string {
  const rows = byName(nodes).map(
    (node): Row => [
      node.name,
      node.address,
      node.drained ? { text: `${node.state}, drained`, colour: "yellow" } : stateCell(node.state),
      node.providers.join(",") || none,
      `${sizeText(node.reserved.memory)} of ${sizeText(node.capacity.memory)}`,
      `${node.reserved.cpu} of ${node.capacity.cpu}`,
      pairs(node.labels) || none,
      node.version,
    ],
  );
  const room = ["MEMORY", "CPUS"];
  const header = ["NAME", "ADDRESS", "STATE", "PROVIDERS", ...room, "LABELS", "VERSION"];
  return formatTable(header, rows, paint);
}

/** `now`: wall clock, ms; times are shown as ages. */
export function formatInstances(
  instances: readonly InstanceView[],
  now: number,
  paint: Paint,
): string {
  const header = [
    "NAME",
    "SLOT",
    "NODE",
    "PROVIDER",
    "STATE",
    "HEALTH",
    "FOR",
    "RESTARTS",
    "TASK",
    "PORTS",
    "REASON",
  ];
  const rows = byName(instances).map(
    (instance): Row => [
      instance.name,
      instance.slot,
      instance.node ?? none,
      instance.provider,
      stateCell(shownState(instance)),
      healthCell(instance.healthy),
      instance.since === 0 ? none : formatAge(now - (instance.pausedSince ?? instance.since)),
      instance.restarts,
      pairs(instance.handle) || none,
      pairs(instance.ports) || none,
      reasonOf(instance, now),
    ],
  );
  return formatTable(header, rows, paint);
}

export function formatEndpoints(endpoints: readonly EndpointView[], paint: Paint): string {
  const rows = byName(endpoints).map(({ name, slot, node, port, address, healthy }): Row => {
    return [name, slot, node, port, address, healthCell(healthy)];
  });
  return formatTable(["NAME", "SLOT", "NODE", "PORT", "ADDRESS", "HEALTH"], rows, paint);
}

export function formatService(detail: ServiceDetail, now: number, paint: Paint): string {
  const { name, group, wanted, generation, spec, instances } = detail;
  const facts: [string, string | number][] = [
    ["name", name],
    ["group", group],
    ["wanted", wanted],
    ["generation", generation],
  ];
  const lines = facts.map(([key, value]) => `${paint("bold", key.padEnd(12))}${value}\n`).join("");
  const text = `${lines}${paint("bold", "spec")}\n${JSON.stringify(spec, undefined, 2)}\n`;
  return `${text}\n${formatInstances(instances, now, paint)}`;
}

export function formatDeploys(results: readonly DeployResult[], paint: Paint): string {
  const lines = results.map(({ group, result, generation, undone, unfinished = [], ...rest }) => {
    const instances = rest.instances.map(
      ({ name, slot, node, state, reason = "" }): Row => [
        `  ${name}`,
        slot,
        node ?? none,
        stateCell(state),
        reason,
      ],
    );
    const title = `${paint("bold", printable(group))}: ${result}, generation ${generation}`;
    const worth = result === "unchanged" ? "" : `, ${acknowledged(rest)}`; // Nothing was written.
    const why = undone === undefined ? "" : `  rolled back: ${printable(undone)}\n`;
    const header = ["  NAME", "SLOT", "NODE", "STATE", "REASON"];
    const table = instances.length === 0 ? "" : formatTable(header, instances, paint);
    const left = leftText(unfinished);
    return `${title}${worth}\n${why}${table}${left === "" ? "" : `  ${left}`}`;
  });
  return lines.join("");
}

/** Of many, in one line. */
const namesMax = 16;

export function firstOf(names: readonly string[]): string {
  const more = names.length > namesMax ? `, and ${names.length - namesMax} more` : "";
  return printable(`${names.slice(0, namesMax).join(", ")}${more}`);
}

function leftText(unfinished: readonly string[]): string {
  return unfinished.length === 0 ? "" : `not yet as wanted: ${firstOf(unfinished)}\n`;
}

export function formatActions(results: readonly ActionResult[], paint: Paint): string {
  const rows = results.map(
    (result): Row => [
      result.name,
      outcomeOf(result),
      stateCell(result.state),
      acknowledged(result),
      result.reason ?? "",
    ],
  );
  const left = leftText(results.flatMap(({ unfinished = [] }) => unfinished));
  return `${formatTable(["NAME", "RESULT", "STATE", "KNOWN BY", "REASON"], rows, paint)}${left}`;
}

export function formatPaused(results: readonly PausedResult[], paint: Paint): string {
  const rows = results.map(({ name, slot, node, result }): Row => [name, slot, node, result]);
  return formatTable(["NAME", "SLOT", "NODE", "RESULT"], rows, paint);
}

/** What is wished is not so as long as the node that is to do it cannot; what was removed is, whatever runs on. */
function outcomeOf({ result, state }: ActionResult): string {
  const isPending = result === "stopped" && state !== result;
  return isPending ? `to be ${result}` : result;
}

export function formatDrain({ node, instances, ...rest }: DrainResult, paint: Paint): string {
  const rows = instances.map(({ name, slot, node: at, reason }): Row => {
    const isLeft = reason !== undefined;
    const went = at === null ? "ended" : "moved"; // What is to be everywhere is needed nowhere else.
    const result = isLeft ? ({ text: "stays", colour: "yellow" } as const) : went;
    return [`  ${name}`, slot, result, at ?? none, reason ?? ""];
  });
  const title = `${paint("bold", printable(node))}: drained, ${acknowledged(rest)}\n`;
  const header = ["  NAME", "SLOT", "RESULT", "NODE", "REASON"];
  return rows.length === 0 ? title : `${title}${formatTable(header, rows, paint)}`;
}

/** `now`: wall clock, ms. */
export function formatTokens(tokens: readonly TokenView[], now: number, paint: Paint): string {
  const rows = tokens.map(({ name, id, role, created, expires }): Row => {
    const left = expires === null ? "never" : expires > now ? formatLeft(expires - now) : "expired";
    return [name, id, role, formatAge(now - created), left];
  });
  return formatTable(["NAME", "ID", "ROLE", "AGE", "EXPIRES IN"], rows, paint);
}

/** What a function answered: text as it is, anything else as JSON. */
export function formatAnswer(answer: unknown): string {
  return typeof answer === "string" ? `${answer}\n` : `${JSON.stringify(answer, undefined, 2)}\n`;
}

/** `now`: wall clock, ms. */
export function formatProviders(
  providers: readonly ProviderView[],
  now: number,
  paint: Paint,
): string {
  const rows = providers.map(
    (provider): Row => [
      provider.node,
      provider.type,
      provider.available ? { text: "yes", colour: "green" } : { text: "no", colour: "yellow" },
      provider.since === undefined ? none : formatAge(now - provider.since),
      provider.version ?? none,
      provider.features.join(",") || none,
      provider.reason ?? Object.entries(provider.lacks).map(lackText).join("; "),
    ],
  );
  const header = ["NODE", "PROVIDER", "AVAILABLE", "FOR", "VERSION", "FEATURES", "REASON"];
  return formatTable(header, rows, paint);
}

function lackText([feature, reason]: readonly [string, string]): string {
  return `no ${feature}: ${reason}`;
}

/** A length of time in its two largest units: `3m20s`. A negative one, of a clock ahead, is `0s`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes === 0) return `${seconds}s`;
  if (hours === 0) return `${minutes}m${seconds % 60}s`;
  if (hours < 48) return `${hours}h${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d${hours % 24}h`;
}

/** As an age, rounded up: a token made for 30 days has 30 days left, not 29 and 23 hours. */
function formatLeft(ms: number): string {
  const unitMs = ms > 48 * 3_600_000 ? 3_600_000 : ms > 3_600_000 ? 60_000 : 1_000;
  return formatAge(Math.ceil(ms / unitMs) * unitMs);
}

/** One that is paused is told so where it runs. */
export function shownState({
  state,
  pausedSince,
}: Partial<Pick<InstanceView, "state" | "pausedSince">>): string {
  return pausedSince === undefined ? (state ?? none) : "paused";
}

function stateCell(state: string): Cell {
  return { text: state, colour: stateColour(state) };
}

function healthCell(healthy: InstanceView["healthy"]): Cell {
  if (healthy === null) return { text: none };
  return healthy ? { text: "healthy", colour: "green" } : { text: "unhealthy", colour: "red" };
}

/** The last end is told where the state does not tell it, and where it was not the user's wish. */
function reasonOf(instance: InstanceView, now: number): string {
  const { exit, state, restarts, engineAwaySince } = instance;
  const age = engineAwaySince === undefined ? "" : ` (for ${formatAge(now - engineAwaySince)})`;
  const reason = instance.reason && `${instance.reason}${age}`;
  const ended = exit && lastEnd(exit);
  const isTold = state === "backing-off" || state === "failed" || state === "lost";
  const isWish = state === "stopped" || (state === "running" && restarts === 0);
  if (ended === undefined || (isTold && reason !== undefined) || isWish) return reason ?? "";
  return reason === undefined ? ended : `${reason} (${ended})`;
}

/** Undefined where a user wished it, and where nothing is known of it. */
export function lastEnd(exit: TaskEnd): string | undefined {
  const { code, signal, reason, byMob = false } = exit;
  const how = code === undefined ? signal : `exit code ${code}`;
  if (reason === undefined && (byMob || how === undefined)) return undefined;
  const why = reason === undefined ? "" : `: ${reason}`;
  return `last ended${how === undefined ? "" : ` with ${how}`}${why}`;
}

function acknowledged(of: Pick<ActionResult, "acks" | "replicas" | "partitioned">): string {
  const { acks, replicas, partitioned } = of;
  const split = partitioned ? "; at least half of the nodes cannot be reached" : "";
  return `on disk on ${acks.length} of ${replicas} nodes${split}`;
}

function pairs(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

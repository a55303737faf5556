/**
 * What happens to a simulated network, and when: faults and users' wishes, each an item of its own, so
 * that any subset of a schedule is a schedule too. Plain data: a failed run's is written to a file,
 * shortened, and replayed.
 */
import { type Static, type TProperties, Type } from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest, messageOf } from "../core/errors.ts";
import { serviceAction } from "../services/service-action.ts";

const ms = Type.Number({ minimum: 0, maximum: 1e9 });
const machine = Type.String({ pattern: "^n[1-9][0-9]{0,3}$" });
const share = Type.Number({ minimum: 0, maximum: 1 });
const count = Type.Integer({ minimum: 0, maximum: 1e6 });
/** What a machine is started with again; `old`: a copy of its disk from before. */
const disk = Type.Union([Type.Literal("same"), Type.Literal("blank"), Type.Literal("old")]);

function kind<const Kind extends string, Fields extends TProperties>(name: Kind, fields: Fields) {
  return Type.Object({ kind: Type.Literal(name), atMs: ms, ...fields }, closed);
}
const closed = { additionalProperties: false };

const itemShape = Type.Union([
  /** kill -9 of a node, which is started again after `forMs`. */
  kind("crash", { machine, forMs: ms }),
  /**
   * The same at the moment of its `effect`-th effect on its disk from then on. `keeps`: whether the
   * transaction under way is on the disk afterwards, which is else left to chance.
   */
  kind("crash-at-write", {
    machine,
    effect: count,
    forMs: ms,
    keeps: Type.Optional(Type.Boolean()),
  }),
  /** A machine loses power and is back after `forMs`; the copy of an `old` disk is `ageMs` old. */
  kind("power", { machine, disk, ageMs: ms, forMs: ms }),
  /** All nodes are killed at once. */
  kind("blackout", { forMs: ms }),
  /** Nothing gets from one to the other; back it does. */
  kind("cut", { from: machine, to: machine, forMs: ms }),
  /** Nothing passes between these machines and the others. */
  kind("partition", { side: Type.Array(machine), forMs: ms }),
  /** Every connection between two machines breaks and loses a suffix of what was sent. */
  kind("reset", { a: machine, b: machine }),
  /** The connections that two machines have swallow everything. */
  kind("swallow", { a: machine, b: machine }),
  kind("slow", { from: machine, to: machine, delayMs: ms, bytesPerSecond: ms, forMs: ms }),
  /** This share of all frames is late. */
  kind("late", { share, lateMs: ms, forMs: ms }),
  kind("stall", { machine, forMs: ms }),
  /** The wall clock is set to so much ahead of true time, and both clocks gain so much. */
  kind("clock", { machine, aheadMs: Type.Number(), ppm: Type.Number(), forMs: ms }),
  kind("disk-full", { machine, forMs: ms }),
  kind("disk-slow", { machine, flushMs: ms, forMs: ms }),
  /** Kills one of a node's actors; `pick` says which. */
  kind("kill-actor", { machine, pick: share }),
  kind("kill-task", { machine, pick: share }),
  /** The engine of the machine's tasks does not answer. */
  kind("engine", { machine, forMs: ms }),
  /** A user asks the node of a machine. `version` is another for each deploy. */
  kind("deploy", { machine, name: Type.String(), version: count }),
  kind("act", { machine, name: Type.String(), action: serviceAction }),
  /**
   * Each node that takes itself for the one to decide about a service is asked for a deploy of it at the
   * same instant: of two sides of a partition both. Versions from `version` on.
   */
  kind("rivals", { name: Type.String(), version: count }),
]);

const planShape = Type.Object(
  {
    seed: count,
    nodes: Type.Integer({ minimum: 1, maximum: 1_000 }),
    /** Virtual seconds in all. */
    seconds: Type.Integer({ minimum: 10, maximum: 1_000_000 }),
    /** Up to so many peers everyone is connected with everyone, and beyond that not; default: of `lan`. */
    mesh: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    items: Type.Array(itemShape),
  },
  closed,
);
const isPlan = Compile(planShape);

/** One thing that happens. Times are virtual ms from the beginning. */
export type Item = Static<typeof itemShape>;
export type ItemKind = Item["kind"];
export type ItemOf<Kind extends ItemKind> = Extract<Item, { kind: Kind }>;
/** Everything that decides a run, but for the code. */
export type Plan = Static<typeof planShape>;

/** The share of a run in which things go wrong; in the rest all is whole and has to become right. */
const faultyShare = 0.58;

/** When everything is healed, in virtual ms. */
export function healAtMs({ seconds }: Pick<Plan, "seconds">): number {
  return Math.floor(seconds * 1_000 * faultyShare);
}

/** The machines of a plan: `n1`, `n2`… */
export function machinesOf({ nodes }: Pick<Plan, "nodes">): readonly string[] {
  return Array.from({ length: nodes }, (_, i) => `n${i + 1}`);
}

/** As a file: JSON, an item a line. */
export function planToText({ items, ...options }: Plan): string {
  const head = JSON.stringify(options).slice(0, -1);
  const lines = items.map((item) => `  ${JSON.stringify(item)}`).join(",\n");
  return `${head},"items":[\n${lines}\n]}\n`;
}

/** @throws BadRequest when it is no plan, or one of machines that it does not have */
export function parsePlan(text: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadRequest(`not a schedule: ${messageOf(cause)}`, { cause });
  }
  if (!isPlan.Check(value)) {
    const [first] = isPlan.Errors(value);
    throw new BadRequest(`not a schedule: ${first?.instancePath || "it"} ${first?.message ?? ""}`);
  }
  const machines = new Set(machinesOf(value));
  const strange = value.items.flatMap(mentioned).find((name) => !machines.has(name));
  if (strange === undefined) return value;
  throw new BadRequest(`not a schedule: ${strange} is none of its ${value.nodes} machines`);
}

function mentioned(item: Item): readonly string[] {
  const { machine = [], from = [], to = [], a = [], b = [], side = [] } = item as Machines;
  return [machine, from, to, a, b, side].flat();
}

type Machines = Partial<Record<"machine" | "from" | "to" | "a" | "b" | "side", string | string[]>>;

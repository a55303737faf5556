/**
 * Changes of services, as people read them. A change tells one record alone: which instance it is of, what was
 * told of that before and what has taken its place is known from the changes before it.
 */
import type { ServiceChange } from "../api/watch-shapes.ts";
import { formatMoment } from "./history-views.ts";
import { type Paint, stateColour } from "./style.ts";
import { printable } from "./table.ts";
import { lastEnd, shownState } from "./views.ts";

/** An instance, as it was told of last. */
interface Told {
  readonly label: string;
  readonly name: string;
  /** Undefined: by a node of a version that did not tell it. */
  readonly slot: number | undefined;
  readonly node: string;
}

/** The lines of one watch: it is given all that the watch is told, in order. */
export class ChangeLines {
  readonly #paint: Paint;
  /** By service and slot: the id of the instance that has that place. */
  readonly #placed = new Map<string, Map<number, string | undefined>>();
  /** By id, as long as something is left of it. */
  readonly #told = new Map<string, Told>();
  /** By key: what was said last. */
  readonly #said = new Map<string, string>();

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** A line each; none for what the line of another change of the same wish says already, or the one before. */
  format(changes: readonly ServiceChange[]): string {
    for (const change of changes) this.#place(change);
    return changes.map((change) => this.#line(change)).join("");
  }

  #line(change: ServiceChange): string {
    const { key, at, removed } = change;
    const what = this.#what(change);
    const text = what && `${this.#paint("bold", printable(this.#label(change)))}  ${what}`;
    const isSaid = text === this.#said.get(key) && !isMoment(change);
    if (removed || text === undefined) this.#said.delete(key);
    else this.#said.set(key, text);
    this.#note(change);
    return text === undefined || isSaid ? "" : `${formatMoment(at)}  ${text}\n`;
  }

  #place({ kind, name, slot, id, removed }: ServiceChange): void {
    if (kind !== "placement" || slot === undefined) return;
    const slots = this.#placed.get(name) ?? new Map<number, string | undefined>();
    if (removed) slots.delete(slot);
    else slots.set(slot, id);
    if (slots.size === 0) this.#placed.delete(name);
    else this.#placed.set(name, slots);
  }

  #note(change: ServiceChange): void {
    const { kind, name, id, node, removed } = change;
    if (kind !== "status" || id === undefined) return;
    if (removed) this.#told.delete(id);
    else if (typeof node === "string") {
      this.#told.set(id, { label: this.#label(change), name, slot: this.#slotOf(change), node });
    }
  }

  /** The name of its service; with the slot, where it is of an instance of several. */
  #label(change: ServiceChange): string {
    const { name, removed } = change;
    const told = this.#toldOf(change);
    // Of what ends since its service was removed, no places are known any more.
    if (told !== undefined && (removed || !this.#placed.has(name))) return told.label;
    const slot = isOfInstance(change) ? this.#slotOf(change) : undefined;
    if (slot === undefined) return name;
    const slots = [...(this.#placed.get(name)?.keys() ?? [])];
    return slot > 0 || slots.some((other) => other !== slot) ? `${name}/${slot}` : name;
  }

  #toldOf({ kind, id }: ServiceChange): Told | undefined {
    return kind === "status" && id !== undefined ? this.#told.get(id) : undefined;
  }

  #slotOf(change: ServiceChange): number | undefined {
    const { name, id, slot = this.#toldOf(change)?.slot } = change;
    if (slot !== undefined) return slot;
    return [...(this.#placed.get(name) ?? [])].find(([, placed]) => placed === id)?.[0];
  }

  #what(change: ServiceChange): string | undefined {
    const { kind, removed, state } = change;
    switch (kind) {
      case "spec":
        return removed ? "removed" : deployText(change);
      case "run":
        return removed ? undefined : `wanted ${change.run ?? "as a newer version says"}`;
      case "restart":
        return removed ? undefined : "to be restarted";
      case "placement":
        if (removed) return undefined;
        return typeof change.node === "string"
          ? `placed on ${change.node}, epoch ${change.epoch ?? "unknown"}`
          : (change.reason ?? "placed as a newer version says");
      case "status":
        if (removed) return this.#goneText(change);
        return state === undefined ? undefined : statusText(change, this.#paint);
      case "lost":
        if (removed) return undefined;
        return "two nodes wrote at once; what did not hold is in `mob history`";
    }
  }

  /** Of what has been replaced, another is there under the same name. */
  #goneText(change: ServiceChange): string {
    const told = this.#toldOf(change);
    if (told === undefined) return "nothing is left of a former instance";
    const slot = this.#slotOf(change);
    const now = slot === undefined ? undefined : this.#placed.get(told.name)?.get(slot);
    if (now === undefined || now === change.id) return `nothing of it is left on ${told.node}`;
    return `nothing is left on ${told.node} of the instance before`;
  }
}

/** What happens anew each time that it is told. */
function isMoment({ kind }: ServiceChange): boolean {
  return kind === "restart" || kind === "lost";
}

function isOfInstance({ kind }: ServiceChange): boolean {
  return kind === "placement" || kind === "status";
}

function statusText(change: ServiceChange, paint: Paint): string {
  const told = shownState(change);
  const colour = stateColour(told);
  const shown = colour === undefined ? told : paint(colour, told);
  const reason = change.reason ?? endOf(change);
  const why = reason === undefined ? "" : `: ${printable(reason)}`;
  const health = { true: ", healthy", false: ", unhealthy", null: "" }[`${change.healthy ?? null}`];
  return `${shown}${health} on ${change.node}${handleText(change)}${why}`;
}

function deployText({ generation: known, rollback }: ServiceChange): string {
  const generation = known ?? "unknown";
  if (rollback === undefined) return `deployed, generation ${generation}`;
  return `rolled back, generation ${generation}: ${printable(rollback)}`;
}

/** How its last task ended, where nobody wished it: a restart by policy begins with it. */
function endOf({ state, restarts = 0, exit }: ServiceChange): string | undefined {
  const isTold = state === "done" || state === "failed" || (state === "starting" && restarts > 0);
  return isTold && exit !== undefined ? lastEnd(exit) : undefined;
}

function handleText({ handle = {} }: ServiceChange): string {
  const pairs = Object.entries(handle).map(([key, value]) => ` ${key}=${value}`);
  return pairs.length === 0 ? "" : `,${pairs.join(",")}`;
}

/** Since when nothing has gone wrong that may keep a group's services from running, nor was asked of them. */
import { healAtMs, type Item } from "../schedule.ts";
import type { Stage } from "../stage.ts";

/** Connections that swallow everything are given up by then, also after the heal. */
const swallowMsMax = 60_000;

export class Quiet {
  readonly #stage: Stage;
  /** When a machine was last seen to go up or down. One that is down for long is no disturbance. */
  #turnedAtMs = 0;
  #up = "";

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** A node has come up: it may have been down between two looks. */
  turned(): void {
    this.#turnedAtMs = this.#stage.now;
  }

  /** To be called every virtual second. */
  look(): void {
    const up = this.#stage.machines.filter((machine) => this.#stage.isUp(machine)).join(" ");
    if (up !== this.#up) this.turned();
    this.#up = up;
  }

  /** Virtual ms. `names`: of the groups that it is about. */
  sinceMs(names: readonly string[]): number {
    const { now, plan } = this.#stage;
    const healMs = healAtMs(plan);
    let sinceMs = this.#turnedAtMs;
    for (const item of plan.items) {
      if (item.atMs > now) break;
      if ("name" in item && !names.includes(item.name)) continue;
      sinceMs = Math.max(sinceMs, Math.min(now, endMs(item, healMs)));
    }
    return sinceMs;
  }
}

/** When what an item does is over, by itself or by the heal; what takes a machine down is seen by that. */
function endMs(item: Item, healMs: number): number {
  switch (item.kind) {
    case "crash":
    case "crash-at-write":
    case "blackout":
      return item.atMs;
    case "power":
      return item.atMs + (item.disk === "old" ? item.ageMs : 0);
    case "swallow":
      return item.atMs + swallowMsMax;
    default:
      return Math.max(item.atMs, Math.min(healMs, item.atMs + ("forMs" in item ? item.forMs : 0)));
  }
}

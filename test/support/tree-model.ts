/**
 * What OTP's documentation says of a supervision tree, as a model without actors, to hold the real one
 * against: which children run after an exit, and how often each was started.
 */

import type { Strategy } from "../../src/core/strategies.ts";
import type { Restart } from "../../src/otp/definition.ts";

export interface LeafSpec {
  readonly kind: "leaf";
  readonly id: string;
  readonly restart: Restart;
}

export interface BranchSpec {
  readonly kind: "branch";
  readonly id: string;
  readonly restart: Restart;
  readonly strategy: Strategy;
  readonly intensity: number;
  readonly children: readonly TreeSpec[];
}

export type TreeSpec = LeafSpec | BranchSpec;

export const modelPeriodMs = 5_000;

/** How an actor ends: only an abnormal end restarts a transient one. */
export type End = "normal" | "abnormal";

/** One life of one actor. */
class Life {
  readonly spec: TreeSpec;
  readonly above: Life | undefined;
  /** In start order; undefined: known, and not running. */
  children: { readonly spec: TreeSpec; life: Life | undefined }[] = [];
  restartedAt: number[] = [];

  constructor(spec: TreeSpec, above: Life | undefined) {
    this.spec = spec;
    this.above = above;
  }
}

export class TreeModel {
  /** Starts of each leaf so far. */
  readonly starts = new Map<string, number>();
  private readonly running = new Map<string, Life>();

  constructor(root: TreeSpec) {
    this.start(root, undefined);
  }

  /** The ids of the leaves that run, sorted. */
  get alive(): string[] {
    const leaves = [...this.running.values()].filter(({ spec }) => spec.kind === "leaf");
    return leaves.map(({ spec }) => spec.id).sort();
  }

  isRunning(id: string): boolean {
    return this.running.has(id);
  }

  /** The actor `id` ends by itself, or is killed, at `now`. */
  end(id: string, how: End, now: number): void {
    const life = this.running.get(id);
    if (life === undefined) return;
    this.stop(life);
    this.tell(life, how, now);
  }

  private tell(ended: Life, how: End, now: number): void {
    const { above, spec } = ended;
    const slot = above?.children.find((child) => child.life === ended);
    if (above === undefined || slot === undefined || above.spec.kind === "leaf") return;
    slot.life = undefined;
    if (spec.restart === "temporary") above.children = above.children.filter((c) => c !== slot);
    if (spec.restart === "temporary" || (spec.restart === "transient" && how === "normal")) return;
    above.restartedAt = above.restartedAt.filter((at) => now - at <= modelPeriodMs);
    above.restartedAt.push(now);
    if (above.restartedAt.length > above.spec.intensity) {
      this.stop(above);
      this.tell(above, "normal", now); // Its reason is `shutdown`.
      return;
    }
    const at = above.children.indexOf(slot);
    const { strategy } = above.spec;
    const along = above.children.filter((child, i) => {
      if (strategy === "one_for_one") return child === slot;
      return strategy === "one_for_all" || i >= at;
    });
    for (const child of along) if (child.life !== undefined) this.stop(child.life);
    above.children = above.children.filter(
      (child) => !(along.includes(child) && child.spec.restart === "temporary"),
    );
    for (const child of along) {
      if (child.spec.restart !== "temporary") child.life = this.start(child.spec, above);
    }
  }

  private start(spec: TreeSpec, above: Life | undefined): Life {
    const life = new Life(spec, above);
    this.running.set(spec.id, life);
    if (spec.kind === "leaf") this.starts.set(spec.id, (this.starts.get(spec.id) ?? 0) + 1);
    else
      life.children = spec.children.map((child) => ({
        spec: child,
        life: this.start(child, life),
      }));
    return life;
  }

  private stop(life: Life): void {
    this.running.delete(life.spec.id);
    for (const child of life.children) if (child.life !== undefined) this.stop(child.life);
  }
}

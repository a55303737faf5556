/**
 * One run of a plan on real nodes, with what must hold followed from its beginning to its end: first the
 * part in which things go wrong, then, when all faults have ended, all must become right; at last all
 * nodes are killed at once, and their disks must hold what they have shown.
 */

import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { risingBoots } from "../../../src/simulator/invariants/counters.ts";
import { falseAccusations } from "../../../src/simulator/invariants/detection.ts";
import { flushedAcknowledgements, lookForOther } from "../../../src/simulator/invariants/disks.ts";
import type { SceneInvariant } from "../../../src/simulator/invariants/invariant.ts";
import { registersOn } from "../../../src/simulator/invariants/registers-on.ts";
import { isSteadyKey } from "../../../src/simulator/invariants/steady.ts";
import { acknowledgedWrites } from "../../../src/simulator/invariants/writes.ts";
import type { DiskImage } from "../../../src/simulator/virtual-disk.ts";
import type { Cleanup } from "../../support/lan/cleanup.ts";
import { lookAtRest, toldBy } from "./at-rest.ts";
import { carryOut } from "./deeds.ts";
import type { RealPlan } from "./real-plan.ts";
import { RealStage } from "./real-stage.ts";

export interface RealOutcome {
  /** What was found wrong, a line each, with the number of the invariant and when. Empty: all held. */
  readonly violations: readonly string[];
  /** Wishes of users, and those of them that were answered as done. */
  readonly asked: number;
  readonly done: number;
  /** From the end of the faults until all was as it must be. */
  readonly convergedMs: number;
  /** What happened, a line each. */
  readonly notes: readonly string[];
}

export interface RealTrialOptions {
  /** For homes and data; removed by the caller, afterwards. */
  readonly folder: string;
  /** Keeps what the nodes print. */
  readonly logFolder?: string | undefined;
  /** Is shown each note as it is made. */
  readonly watch?: ((line: string) => void) | undefined;
}

/** Until all is right again: far more than it takes, for machines that are busy. */
const convergeMsMax = 180_000;
const lookEveryMs = 1_000;
/** Well over the second or so after which a node flushes what nobody waits for, on a busy machine too. */
const flushedMs = 5_000;
/** What must be right for so many looks in a row, since what is on its way may pass by. */
const looksAtRest = 3;
/** Kinds of records that a watch tells. */
const toldKinds: ReadonlySet<string> = new Set([
  "spec",
  "run",
  "restart",
  "placement",
  "status",
  "lost",
]);

export async function runRealPlan(
  cleanup: Cleanup,
  plan: RealPlan,
  options: RealTrialOptions,
): Promise<RealOutcome> {
  const trial = new RealTrial(cleanup, plan, options);
  await trial.run();
  return trial.outcome;
}

class RealTrial {
  readonly #plan: RealPlan;
  readonly #stage: RealStage;
  readonly #watch: ((line: string) => void) | undefined;
  readonly #invariants: readonly SceneInvariant[];
  readonly #violations: string[] = [];
  readonly #notes: string[] = [];
  #asked = 0;
  #done = 0;
  #convergedMs = 0;

  constructor(cleanup: Cleanup, plan: RealPlan, options: RealTrialOptions) {
    this.#plan = plan;
    this.#watch = options.watch;
    const audience = {
      composed: (machine: string, node: Parameters<SceneInvariant["composed"] & {}>[1]) => {
        for (const invariant of this.#invariants) invariant.composed?.(machine, node);
      },
      asked: (wish: Parameters<SceneInvariant["asked"] & {}>[0]) => {
        this.#asked++;
        for (const invariant of this.#invariants) invariant.asked?.(wish);
      },
      answered: (wish: Parameters<SceneInvariant["answered"] & {}>[0]) => {
        if (wish.answer?.acks !== undefined) this.#done++;
        for (const invariant of this.#invariants) invariant.answered?.(wish);
      },
      gaveUp: (machine: string, why: string) =>
        this.#object(5, `the node on ${machine} gave up: ${why}`),
      broke: (error: unknown) => {
        this.#violations.push(`the run itself: ${error}`);
        this.#note(String(error));
      },
      note: (what: string) => this.#note(what),
    };
    const { nodes } = plan;
    const { folder, logFolder } = options;
    const stage = new RealStage(cleanup, { nodes, folder, logFolder, audience });
    this.#stage = stage;
    this.#invariants = [
      acknowledgedWrites(stage, (what) => this.#object(1, what)),
      flushedAcknowledgements(stage, (what) => this.#object(1, what)),
      falseAccusations(stage, (what) => this.#object(3, what)),
      risingBoots((what) => this.#object(11, what)),
    ];
  }

  get outcome(): RealOutcome {
    return {
      violations: this.#violations,
      asked: this.#asked,
      done: this.#done,
      convergedMs: this.#convergedMs,
      notes: this.#notes,
    };
  }

  async run(): Promise<void> {
    const { items, healAtMs } = this.#plan;
    const stage = this.#stage;
    await stage.begin();
    this.#note(`${stage.machines.length} nodes know each other`);
    const beganAt = stage.now;
    for (const item of items) {
      await delay(Math.max(0, beganAt + item.atMs - stage.now));
      carryOut(stage, item);
    }
    await delay(Math.max(0, beganAt + healAtMs - stage.now));
    await stage.heal();
    await this.#converge();
    this.#learnRemovals();
    for (const invariant of this.#invariants) invariant.atEnd?.();
    await this.#lookAtDisks();
  }

  /** No watch tells of removals, which hide a spec that was written later by who had not heard of them. */
  #learnRemovals(): void {
    const stage = this.#stage;
    for (const machine of stage.machines) {
      const kept = [...registersOn(stage.flushed(machine)).values()];
      stage.node(machine)?.catalog.apply(kept.filter(({ key }) => key.startsWith("removed/")));
    }
  }

  /** Waits until nothing is wrong, and objects to what still is after the longest wait. */
  async #converge(): Promise<void> {
    const stage = this.#stage;
    const healedAt = stage.now;
    for (let right = 0; right < looksAtRest; ) {
      const wrong: (() => void)[] = [];
      await lookAtRest(stage, (invariant, what) => {
        wrong.push(() => this.#object(invariant, what));
      }).catch((error: unknown) => {
        wrong.push(() => this.#object(2, `a node does not answer: ${error}`));
      });
      if (wrong.length === 0) right++;
      else right = 0;
      if (right === 1) this.#convergedMs = stage.now - healedAt;
      if (wrong.length > 0 && stage.now - healedAt > convergeMsMax) {
        for (const object of wrong) object();
        return;
      }
      await delay(lookEveryMs);
    }
    this.#note(`all is right after ${Math.round(this.#convergedMs)} ms`);
  }

  /** What each node has shown is what it would show if it were started again. */
  async #lookAtDisks(): Promise<void> {
    const stage = this.#stage;
    const held = await this.#heldAtRest();
    await stage.killAll();
    for (const [machine, told] of held) {
      lookForOther(machine, told, shownOf(stage.flushed(machine)), (what) => this.#object(1, what));
    }
  }

  /** Once nothing has changed for longer than what nobody waits for takes to the disk; as it is after the longest wait. */
  async #heldAtRest(): Promise<readonly (readonly [string, ReadonlyMap<string, string>])[]> {
    const stage = this.#stage;
    const look = () => stage.machines.map((machine) => [machine, toldBy(stage, machine)] as const);
    const beganAt = stage.now;
    for (let held = look(); ; ) {
      await delay(flushedMs);
      const now = look();
      if (isDeepStrictEqual(now, held) || stage.now - beganAt > convergeMsMax) return now;
      held = now;
    }
  }

  #object(invariant: number, what: string): void {
    const text = `invariant ${invariant}, at ${Math.round(this.#stage.now)} ms: ${what}`;
    this.#violations.push(text);
    this.#note(text);
  }

  #note(what: string): void {
    const line = `${Math.round(this.#stage.now)} ${what}`;
    this.#notes.push(line);
    this.#watch?.(line);
  }
}

/** Of what is on a disk, what users can be shown. */
function shownOf(disk: DiskImage): DiskImage {
  return new Map(
    [...disk].filter(([place]) => {
      const [room, , kind = "", ...rest] = place.split("/");
      return room === "s" && toldKinds.has(kind) && isSteadyKey([kind, ...rest].join("/"));
    }),
  );
}

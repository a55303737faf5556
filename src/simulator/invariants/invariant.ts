/**
 * What must always hold, as something that follows a run and objects. Each is named by its number in
 * the list of the design (section 12), and reads only what users and operators could read: answers,
 * what nodes hold of the network, disks.
 */
import type { MobError } from "../../core/errors.ts";
import type { ComposedNode } from "../../node/compose.ts";
import type { Stage } from "../stage.ts";
import type { Wish } from "../wish.ts";
import type { ShownNode } from "./scene.ts";

/** Says what is wrong; the run ends. */
export type Objection = (what: string) => void;

/** Whatever is missing is not followed. */
export interface Invariant {
  /** In the list of the design. */
  readonly number: number;
  composed?(machine: string, node: ComposedNode): void;
  diskReplaced?(machine: string): void;
  asked?(wish: Wish): void;
  answered?(wish: Wish): void;
  gaveUp?(machine: string, error: MobError, isExpected: boolean): void;
  /** Every virtual second. */
  each?(): void;
  /** Once, after the time in which everything had to become right. */
  atEnd?(): void;
}

/** One that needs no more of a run than a scene shows. */
export interface SceneInvariant extends Invariant {
  composed?(machine: string, node: ShownNode): void;
}

/** Begins to follow a run. */
export type StartInvariant = (stage: Stage, object: Objection) => Invariant;

/**
 * Invariant 3: a live node is not taken for dead because messages are late or it stalled for a moment; a
 * crashed one is, by everyone, within the bound.
 */
import { isLive } from "../../membership/view.ts";
import { healAtMs } from "../schedule.ts";
import type { Stage } from "../stage.ts";
import type { Invariant, Objection, SceneInvariant } from "./invariant.ts";
import type { Scene } from "./scene.ts";

/**
 * How long after a disturbance of either node an accusation may still come from it: TCP may take 3 s
 * until it tries again after a cut, and only what comes then refutes.
 */
const echoMs = 5_000;
/** Within it everyone knows of a crash, where nothing else is wrong. */
const detectionMsMax = 10_000;

export function detection(stage: Stage, object: Objection): Invariant {
  const downSince = new Map<string, number>();
  const now = () => stage.now;

  function lookForUnseen(machine: string, sinceMs: number): void {
    for (const observer of stage.machines) {
      const node = stage.node(observer);
      if (node === undefined) continue;
      if (stage.disturbances.has([observer], sinceMs - echoMs, now())) continue;
      const lives = node.catalog.view.members.some(
        (member) => member.name === machine && isLive(member),
      );
      if (lives)
        object(`${observer} has not noticed for ${detectionMsMax} ms that ${machine} is down`);
    }
  }

  const { number, composed } = falseAccusations(stage, object);
  return {
    number,
    composed(machine, node) {
      downSince.delete(machine); // It may be down again before anyone looks.
      composed?.(machine, node);
    },
    each() {
      for (const machine of stage.machines) {
        if (stage.simulation.machine(machine).life !== undefined) continue;
        const sinceMs = downSince.get(machine) ?? now();
        downSince.set(machine, sinceMs);
        const isDue = now() - sinceMs >= detectionMsMax && now() < healAtMs(stage.plan);
        if (isDue) lookForUnseen(machine, sinceMs);
      }
    },
  };
}

/** Nobody takes a node for gone that lives and was left in peace. */
export function falseAccusations(scene: Scene, object: Objection): SceneInvariant {
  function accused(observer: string, machine: string, state: string): void {
    const fromMs = scene.now - echoMs;
    const isDisturbed = scene.disturbances.has([observer, machine], fromMs, scene.now);
    if (!scene.isUp(machine) || isDisturbed) return;
    object(`${observer} takes ${machine} for ${state}, which lives and was left in peace`);
  }

  return {
    number: 3,
    composed(observer, node) {
      const states = new Map<string, string>();
      node.catalog.watch((change) => {
        if (change.kind !== "view") return;
        for (const { id, name, state } of node.catalog.view.members) {
          if (states.get(id) === state) continue;
          states.set(id, state);
          if ((state === "dead" || state === "away") && isOf(scene, id, name)) {
            accused(observer, name, state);
          }
        }
      });
    },
  };
}

/** Whether the node of that machine has that id now: an earlier one of a blank disk is rightly dead. */
function isOf(scene: Scene, id: string, machine: string): boolean {
  return scene.node(machine)?.system.node === id;
}

/**
 * Has all processes of a control group of version 2 stand still, and go on. It takes no controller. What stands
 * still can be killed, and takes any other signal once it goes on (cgroups(7), kernel 5.2 on).
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Unavailable } from "../core/errors.ts";
import { readSmallText } from "./small-file.ts";

/** Waits between two looks whether all of it is so: well under 1 ms as a rule. */
const lookAgainMsMin = 1;
const lookAgainMsMax = 50;
/** Longest that is waited for: a process in the midst of something that cannot be interrupted comes to it late. */
const settledMsMax = 10_000;

/** Whether the group is told to stand still, by whomever. */
export function isFrozen(group: string): boolean {
  return readSmallText(join(group, "cgroup.freeze"))?.trim() === "1";
}

/**
 * Resolves once all of the group stands still, or goes on.
 * @throws Unavailable where there is no such group; and where it takes too long: then it goes on
 */
export async function setFrozen(group: string, isWanted: boolean): Promise<void> {
  write(group, isWanted);
  const giveUpAt = performance.now() + settledMsMax;
  for (let waitMs = lookAgainMsMin; !isSettled(group, isWanted); waitMs *= 2) {
    if (performance.now() < giveUpAt) {
      await setTimeout(Math.min(waitMs, lookAgainMsMax));
      continue;
    }
    if (!isWanted) throw new Unavailable(`a group above ${group} stands still`);
    thaw(group);
    throw new Unavailable(`not all of ${group} came to stand still in ${settledMsMax / 1_000} s`);
  }
}

/** Lets it go on, and waits for nothing. A group that is not there is no error. */
export function thaw(group: string): void {
  if (isFrozen(group)) write(group, false);
}

function isSettled(group: string, isWanted: boolean): boolean {
  const events = readSmallText(join(group, "cgroup.events"));
  return events === undefined || events.includes(`frozen ${isWanted ? 1 : 0}`);
}

function write(group: string, isWanted: boolean): void {
  try {
    writeFileSync(join(group, "cgroup.freeze"), isWanted ? "1" : "0");
  } catch (cause) {
    throw new Unavailable(`${group} cannot be told to stand still or go on`, { cause });
  }
}

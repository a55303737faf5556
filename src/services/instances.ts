/** How many instances of a service there are to be: a number, or one on every node that can take it. */
import { described, readAll } from "../core/reading.ts";
import { didYouMean } from "../core/suggestion.ts";
import { integer } from "../core/value-readers.ts";

export type Instances = number | "everywhere";

/** Most instances of a service that are asked for by number. */
export const instancesMax = 1_000;

const readCount = integer({ min: 0, max: instancesMax });

export const readInstances = described(
  () => ({ anyOf: [readCount.schema(), { const: "everywhere" }] }),
  (value, at): Instances => {
    if (value === "everywhere") return value;
    if (isCount(value)) return value;
    const meant = typeof value === "string" ? didYouMean(value, ["everywhere"]) : "";
    at.wrong(`must be a whole number from 0 to ${instancesMax}, or everywhere${meant}`);
    return 1;
  },
);

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= instancesMax;
}

/** @throws InvalidSpec */
export function parseInstances(value: unknown): Instances {
  return readAll("the number of instances", value, readInstances);
}

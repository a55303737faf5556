/**
 * Memory and CPU time: of a machine, or what a service is to have of one. CPUs are counted in
 * thousandths, so that sums are exact: ten times a tenth is a whole one.
 */
import { sizeText } from "./quantities.ts";
import { type DescribedReader, described, objectOf } from "./reading.ts";
import { number, size } from "./value-readers.ts";

export interface Resources {
  readonly memoryBytes: number;
  /** 1,000: all of one CPU. */
  readonly milliCpus: number;
}

/** 0 of each; of a service: nothing is reserved for it, and nothing limits it. */
export const noResources: Resources = Object.freeze({ memoryBytes: 0, milliCpus: 0 });

/** Less memory than that no container can start with. */
const memoryBytesMin = 6 * 1_024 * 1_024;
const memoryBytesMax = 2 ** 50;
const cpusMax = 1_024;

const readMemory = size({ min: memoryBytesMin, max: memoryBytesMax });
const cpus = number({ min: 0.01, max: cpusMax });
const readMilliCpus: DescribedReader<number> = described(
  () => cpus.schema(),
  (value, at) => Math.round(cpus(value, at) * 1_000),
);

/** As people write them: `{ memory: 256MB, cpu: 0.5 }`. */
export const readResources = objectOf(
  "an object, like { memory: 256MB, cpu: 0.5 }",
  (fields): Resources => ({
    memoryBytes: fields.optional("memory", readMemory, 0),
    milliCpus: fields.optional("cpu", readMilliCpus, 0, "Of one CPU, 1 being all of it."),
  }),
);

/** `readResources` gives it back. */
export function resourcesToJson({ memoryBytes, milliCpus }: Resources): {
  readonly memory?: number;
  readonly cpu?: number;
} {
  return {
    ...(memoryBytes > 0 && { memory: memoryBytes }),
    ...(milliCpus > 0 && { cpu: milliCpus / 1_000 }),
  };
}

export function isNothing({ memoryBytes, milliCpus }: Resources): boolean {
  return memoryBytes === 0 && milliCpus === 0;
}

export function isSameResources(a: Resources, b: Resources): boolean {
  return a.memoryBytes === b.memoryBytes && a.milliCpus === b.milliCpus;
}

export function sumOf(all: Iterable<Resources>): Resources {
  let { memoryBytes, milliCpus } = noResources;
  for (const each of all) {
    memoryBytes += each.memoryBytes;
    milliCpus += each.milliCpus;
  }
  return { memoryBytes, milliCpus };
}

/** What is left of `a` without `b`, which is a part of it. */
export function differenceOf(a: Resources, b: Resources): Resources {
  return { memoryBytes: a.memoryBytes - b.memoryBytes, milliCpus: a.milliCpus - b.milliCpus };
}

/** Whether there is room for `wanted`. What is not asked for fits, also where more is reserved than there is. */
export function fits(wanted: Resources, capacity: Resources, reserved: Resources): boolean {
  const { memoryBytes, milliCpus } = wanted;
  const hasMemory = memoryBytes === 0 || memoryBytes <= capacity.memoryBytes - reserved.memoryBytes;
  return hasMemory && (milliCpus === 0 || milliCpus <= capacity.milliCpus - reserved.milliCpus);
}

/**
 * What of `wanted` there is no room for, each with its numbers; none: it `fits`.
 */
export function shortfalls(
  wanted: Resources,
  capacity: Resources,
  reserved: Resources,
): readonly string[] {
  const reasons: string[] = [];
  const memoryLeft = capacity.memoryBytes - reserved.memoryBytes;
  if (wanted.memoryBytes > 0 && wanted.memoryBytes > memoryLeft) {
    const left = `${sizeText(Math.max(0, memoryLeft))} of ${sizeText(capacity.memoryBytes)}`;
    reasons.push(`has ${left} memory left, and ${sizeText(wanted.memoryBytes)} are wanted`);
  }
  const cpusLeft = capacity.milliCpus - reserved.milliCpus;
  if (wanted.milliCpus > 0 && wanted.milliCpus > cpusLeft) {
    const left = `${Math.max(0, cpusLeft) / 1_000} of ${capacity.milliCpus / 1_000}`;
    reasons.push(`has ${left} CPUs left, and ${wanted.milliCpus / 1_000} are wanted`);
  }
  return reasons;
}

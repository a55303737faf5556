/** How long a node waits for the process of a third party's provider, and what a late answer costs it. */
import type { CallName } from "./messages.ts";

export interface Patience {
  /** Longest that it may take to start and to load the module, and then to make its provider, in ms; default 60,000. */
  readonly loadMs: number;
  /** Longest that an answer may take, in ms; default 60,000. A stop may take its grace more. */
  readonly answerMs: number;
  /** The same of a start, since the last progress that it told of; default 900,000. */
  readonly startMs: number;
  /** Longest that a function may take, and wait for its turn, in ms; default 960,000, as callers wait. */
  readonly invokeMs: number;
  /** The same of what concerns leftovers; default 20,000: less than who asks all providers of a node waits. */
  readonly leftoversMs: number;
  /** Time between two questions whether it is there; default 5,000. */
  readonly pingEveryMs: number;
}

export const defaultPatience: Patience = {
  loadMs: 60_000,
  answerMs: 60_000,
  startMs: 900_000,
  invokeMs: 960_000,
  leftoversMs: 20_000,
  pingEveryMs: 5_000,
};

export interface Deadline {
  readonly ms: number;
  /** What a late answer fails: the whole process, or that call alone, since others' work goes on beside it. */
  readonly fails: "process" | "call";
}

/** Of a command that runs there is none: that it is given up is a call of its own, which has one. */
export function deadlineOf(method: CallName, patience: Patience): Deadline | undefined {
  const { loadMs, answerMs, startMs, invokeMs, leftoversMs } = patience;
  switch (method) {
    case "exec":
    case "console":
      return undefined;
    case "load":
    case "create":
      return { ms: loadMs, fails: "process" };
    case "start":
      return { ms: startMs, fails: "process" };
    case "invoke":
      return { ms: invokeMs, fails: "call" };
    case "probe": // It waits for an engine that does not answer; its tasks need it all the same.
    case "stats":
      return { ms: answerMs, fails: "call" };
    case "listLeftovers":
    case "removeLeftover":
      return { ms: leftoversMs, fails: "call" };
    default:
      return { ms: answerMs, fails: "process" };
  }
}

/**
 * What a third party's process has for the log of its node, which all of the node shares: each line is cut, and of
 * more lines than the log should have to take the rest is left out, until the minute is over.
 */
import type { Log, LogLevel } from "../../core/log.ts";

/** Told within a minute. */
export const linesPerMinuteMax = 1_000;
/** Of a line, and of each of its fields. */
export const lineCharsMax = 4_096;
const fieldsMax = 32;
const minuteMs = 60_000;
const levels: readonly unknown[] = ["debug", "info", "warn", "error"] satisfies LogLevel[];

export class ToldLog {
  readonly #log: Log;
  readonly #monoMs: () => number;
  #beganAtMs = Number.NEGATIVE_INFINITY;
  #lines = 0;

  constructor(log: Log, monoMs = () => performance.now()) {
    this.#log = log;
    this.#monoMs = monoMs;
  }

  /** @throws TypeError for a level that is none: it is the word of a third party */
  say(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (!levels.includes(level)) throw new TypeError(`no level of a log: ${level}`);
    if (this.#isFull()) return;
    const entries = Object.entries(fields).slice(0, fieldsMax);
    const told = entries.map(([name, value]) => [cut(name), isShort(value) ? value : cut(value)]);
    this.#log[level](cut(message), Object.fromEntries(told));
  }

  /** For one stream: takes its pieces, and at its end none. A line that does not end takes no memory. */
  printer(): (piece?: string) => void {
    let rest = "";
    const tell = (line: string) => this.say("info", "a provider printed", { line });
    return (piece) => {
      const lines = (rest + (piece ?? "")).split("\n");
      rest = (lines.pop() ?? "").slice(0, lineCharsMax);
      for (const line of lines) tell(line);
      if (piece === undefined && rest !== "") tell(rest);
    };
  }

  #isFull(): boolean {
    const nowMs = this.#monoMs();
    if (nowMs - this.#beganAtMs >= minuteMs) {
      this.#beganAtMs = nowMs;
      this.#lines = 0;
    }
    this.#lines++;
    if (this.#lines === linesPerMinuteMax + 1) {
      const most = linesPerMinuteMax;
      this.#log.warn(
        "a provider has too much for the log: what more it says this minute is left out",
        { most },
      );
    }
    return this.#lines > linesPerMinuteMax;
  }
}

function isShort(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function cut(value: unknown): string {
  return String(value).slice(0, lineCharsMax);
}

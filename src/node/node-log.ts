/**
 * The node's log: pino, as JSON lines into a file, or as plain lines for whoever looks at a terminal
 * or a service manager's journal.
 */
import { Writable } from "node:stream";
import { destination, type Logger, pino } from "pino";
import { errorShape } from "../core/errors.ts";
import type { Log, LogFields, LogLevel } from "../core/log.ts";

export interface NodeLogOptions {
  readonly level: LogLevel;
  /** A file that is appended to, as JSON; or `stderr`, as text. */
  readonly to: "stderr" | { readonly file: string };
}

export interface NodeLog {
  readonly log: Log;
  /** Writes what is still in memory. */
  close(): void;
}

export function openNodeLog({ level, to }: NodeLogOptions): NodeLog {
  const stream =
    to === "stderr"
      ? textLines()
      : destination({ dest: to.file, append: true, sync: true, mode: 0o600 });
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return { log: new PinoLog(logger), close: () => logger.flush() };
}

/**
 * What is added to each line is kept here, not in a child logger of pino's: that has a hidden class and
 * some 1.5 KB of its own, and a node has a log for each actor that ever wrote a line.
 */
class PinoLog implements Log {
  readonly #logger: Logger;
  readonly #bound: LogFields;

  constructor(logger: Logger, bound: LogFields = {}) {
    this.#logger = logger;
    this.#bound = bound;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#logger, { ...this.#bound, ...fields });
  }

  #write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.#logger.isLevelEnabled(level)) return;
    this.#logger[level](plain({ ...this.#bound, ...fields }), message);
  }
}

/** Errors keep their code; a bug keeps its stack. */
function plain(fields: LogFields): Record<string, unknown> {
  const { error, ...rest } = fields;
  if (error === undefined) return rest;
  const shape = errorShape(error);
  const stack = shape.code === "internal" && error instanceof Error ? error.stack : undefined;
  return {
    ...rest,
    error: stack ?? shape.message,
    ...(shape.code !== "internal" && { code: shape.code }),
  };
}

/**
 * `2026-01-01T00:00:00.000Z INFO message key=value`: one line each, on standard error. Which actor
 * says it matters where something is wrong, and is noise elsewhere.
 */
function textLines(): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      const { time, level, msg, ...fields } = JSON.parse(chunk) as Record<string, unknown>;
      const shown = Object.entries(fields).filter(([key]) => key !== "actor" || level !== "info");
      const rest = shown.map(([key, value]) => ` ${key}=${fieldText(value)}`);
      process.stderr.write(
        `${time} ${String(level).toUpperCase().padEnd(5)} ${msg}${rest.join("")}\n`,
      );
      done();
    },
  });
}

function fieldText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

/**
 * The node's log: pino, as JSON lines into a file, or as plain lines for whoever looks at a terminal
 * or a service manager's journal. A file is kept within bounds.
 */
import { destination, type Logger, pino } from "pino";
import { errorShape } from "../core/errors.ts";
import type { Log, LogFields, LogLevel } from "../core/log.ts";
import { LogRotation, type LogRotationOptions } from "./log-rotation.ts";

export interface NodeLogOptions {
  readonly level: LogLevel;
  /** A file that is appended to, as JSON; or `stderr`, as text. */
  readonly to: "stderr" | { readonly file: string };
  /** The file that standard error goes to, where that is this process's alone: to be kept within bounds. */
  readonly stderrFile?: string;
  /** Of a file. */
  readonly bounds?: Pick<LogRotationOptions, "fileBytesMax" | "filesKept">;
}

export interface NodeLog {
  readonly log: Log;
  /** Writes what is still in memory. */
  close(): void;
}

export function openNodeLog({ level, to, stderrFile, bounds }: NodeLogOptions): NodeLog {
  const lines =
    to === "stderr"
      ? textLines
      : destination({ dest: to.file, append: true, sync: true, mode: 0o600 });
  const file = to === "stderr" ? stderrFile : to.file;
  const onFailed = (error: unknown) => log.warn("the log cannot be rotated", { error });
  const rotation = file === undefined ? undefined : new LogRotation(file, { ...bounds, onFailed });
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line) {
        lines.write(line);
        rotation?.wrote(Buffer.byteLength(line));
      },
    },
  );
  const log = new PinoLog(logger);
  return { log, close: () => lines.flushSync() };
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
const textLines = {
  write(line: string): void {
    const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const shown = Object.entries(fields).filter(([key]) => key !== "actor" || level !== "info");
    const rest = shown.map(([key, value]) => ` ${key}=${fieldText(value)}`);
    process.stderr.write(
      `${time} ${String(level).toUpperCase().padEnd(5)} ${msg}${rest.join("")}\n`,
    );
  },
  flushSync(): void {},
};

function fieldText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

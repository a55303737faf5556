/**
 * The logging port. Rooms log through it and know nothing of where lines go: pino in a real node,
 * the trace in the simulator.
 */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Fields are plain data; `error` may be any thrown value. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds `fields` to every line. */
  child(fields: LogFields): Log;
}

/** Says nothing. For tests and benchmarks of one room. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};

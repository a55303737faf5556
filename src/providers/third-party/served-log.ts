/** The node's log, as a provider sees it in its own process. */
import { messageOf } from "../../core/errors.ts";
import type { Log, LogLevel } from "../../core/log.ts";
import type { Told } from "./messages.ts";

/** @param own fields of each line */
export function servedLog(
  tell: (told: Told) => void,
  own: Readonly<Record<string, unknown>> = {},
): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      tell({ told: "log", level, message, fields: plain({ ...own, ...fields }) });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => servedLog(tell, { ...own, ...fields }),
  };
}

/** Errors as their messages; what no channel takes as text. */
function plain(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => {
    if (value instanceof Error) return [name, messageOf(value)];
    return [name, typeof value === "object" ? JSON.stringify(value) : value];
  });
  return Object.fromEntries(entries);
}

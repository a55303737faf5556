/** An error as people read it: the message, then each detail with its path. Never a stack. */
import { errorShape } from "../core/errors.ts";
import type { Paint } from "./style.ts";
import { printable } from "./table.ts";

/** Lines, each with its newline. */
export function formatError(error: unknown, paint: Paint): string {
  const { message, details } = errorShape(error);
  const lines = details.map(({ path, message }) => {
    const text = path === "" ? message : `${path}: ${message}`;
    return `  ${printable(text)}\n`;
  });
  return `${paint("red", "error:")} ${message.split("\n").map(printable).join("\n")}\n${lines.join("")}`;
}

/** How the shell shows what a line evaluates to: answers of the API as tables, the rest as Node does. */
import { inspect } from "node:util";
import type { Views } from "./mob-object.ts";
import type { Paint } from "./style.ts";

export function createWriter(
  views: Views,
  paint: Paint,
  color: boolean,
): (value: unknown) => string {
  return (value) => {
    const view = typeof value === "object" && value !== null ? views.get(value) : undefined;
    return view?.(paint).trimEnd() ?? inspect(value, { colors: color, depth: 6 });
  };
}

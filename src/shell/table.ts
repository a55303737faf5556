/**
 * Aligned columns of text. What is shown comes from elsewhere (reasons, labels), so control characters
 * are taken out: no service may move a user's cursor.
 */
import type { Colour, Paint } from "./style.ts";

export interface Cell {
  readonly text: string;
  readonly colour?: Colour | undefined;
}
export type Row = readonly (Cell | string | number)[];

const gap = "  ";

/** Lines, each with its newline; the header alone when there are no rows. */
export function formatTable(header: readonly string[], rows: readonly Row[], paint: Paint): string {
  const cells = [
    header.map((text): Cell => ({ text, colour: "bold" })),
    ...rows.map((row) => row.map(asCell)),
  ];
  const widths = header.map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.text.length ?? 0)),
  );
  return cells.map((row) => `${formatRow(row, widths, paint)}\n`).join("");
}

/** `text` with every control character made visible as a space. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ");
}

function asCell(value: Cell | string | number): Cell {
  const cell = typeof value === "object" ? value : { text: String(value) };
  return { ...cell, text: printable(cell.text) };
}

/** Padded before it is painted: colour codes have no width. The last column is not padded. */
function formatRow(row: readonly Cell[], widths: readonly number[], paint: Paint): string {
  return row
    .map(({ text, colour }, column) => {
      const last = column === row.length - 1;
      const padded = last ? text : text.padEnd(widths[column] ?? 0);
      return colour === undefined || text === "" ? padded : paint(colour, padded);
    })
    .join(gap)
    .trimEnd();
}

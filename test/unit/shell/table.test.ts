import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { coloured, plain } from "../../../src/shell/style.ts";
import { formatTable } from "../../../src/shell/table.ts";

test("columns are as wide as their widest cell, and lines have no trailing spaces", () => {
  const rows = [
    ["a", 10, ""],
    ["longer", 2, "x"],
  ];
  const table = formatTable(["N", "COUNT", "R"], rows, plain);
  assert.equal(table, "N       COUNT  R\na       10\nlonger  2      x\n");
});

test("colours do not move columns", () => {
  const rows = [[{ text: "up", colour: "green" as const }, "1"]];
  const table = formatTable(["STATE", "N"], rows, coloured);
  assert.notEqual(table, stripVTControlCharacters(table));
  assert.equal(stripVTControlCharacters(table), formatTable(["STATE", "N"], rows, plain));
});

test("no cell can break a line or control a terminal", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (cells) => {
      const table = formatTable(
        ["A"],
        cells.map((cell) => [cell]),
        plain,
      );
      assert.equal(table.split("\n").length, cells.length + 2);
      assert.doesNotMatch(table.replaceAll("\n", ""), /\p{Cc}/u);
    }),
  );
});

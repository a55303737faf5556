import assert from "node:assert/strict";
import { test } from "node:test";
import type { Log } from "../../../../src/core/log.ts";
import {
  lineCharsMax,
  linesPerMinuteMax,
  ToldLog,
} from "../../../../src/providers/third-party/told-log.ts";

function bench() {
  const told: [string, Readonly<Record<string, unknown>>][] = [];
  const note = (message: string, fields = {}) => void told.push([message, fields]);
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
  const now = { ms: 0 };
  return { told, now, own: new ToldLog(log, () => now.ms) };
}

test("what is printed is told line by line, however it is cut, and its end too", () => {
  const { told, own } = bench();
  const print = own.printer();
  for (const piece of ["a", "b\nc\n\nd", "e"]) print(piece);
  print();
  assert.deepEqual(
    told.map(([, { line }]) => line),
    ["ab", "c", "", "de"],
  );
});

test("of a line that does not end no more is held than is told of it", () => {
  const { told, own } = bench();
  const print = own.printer();
  for (let i = 0; i < 1_000; i++) print("x".repeat(10_000));
  print("\nnext\n");
  assert.deepEqual(
    told.map(([, { line }]) => line),
    ["x".repeat(lineCharsMax), "next"],
  );
});

test("of more lines than the log should take the rest is left out, once told, until the minute is over", () => {
  const { told, now, own } = bench();
  const print = own.printer();
  print("x\n".repeat(3 * linesPerMinuteMax));
  assert.equal(told.length, linesPerMinuteMax + 1);
  assert.match(told.at(-1)?.[0] ?? "", /too much for the log/);
  now.ms = 60_000;
  print("again\n");
  assert.deepEqual(told.at(-1), ["a provider printed", { line: "again" }]);
});

test("what is logged is cut, and takes a level that there is", () => {
  const { told, own } = bench();
  const long = "x".repeat(2 * lineCharsMax);
  own.say("warn", long, { ok: 1, long, list: [long] });
  const cut = long.slice(0, lineCharsMax);
  assert.deepEqual(told, [[cut, { ok: 1, long: cut, list: cut }]]);
  for (const level of ["child", "constructor", "loud"]) {
    assert.throws(() => own.say(level as "info", "x"), TypeError);
  }
});

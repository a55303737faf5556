/** Someone at a console, over an output in memory: what is shown of it, and what ends it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../../src/core/errors.ts";
import { attachConsole, type Console } from "../../../src/providers/console.ts";

/** An output that grows, and a task that can be ended. */
function machine(before: string) {
  let written = Buffer.from(before);
  let changed = () => {};
  let watches = 0;
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const output: Console["output"] = {
    read: async (from, bytesMax) => {
      const bytes = written.subarray(from, from + bytesMax);
      return { bytes, from, next: from + bytes.length };
    },
    tail: async () => written.length,
    watch(told) {
      watches++;
      changed = told;
      return () => watches--;
    },
    close: async () => {},
  };
  const print = (text: string) => {
    written = Buffer.concat([written, Buffer.from(text)]);
    changed();
  };
  return { output, ended, print, end, watches: () => watches };
}

async function turns() {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

function attach(at: Pick<Console, "output" | "ended">, type: Console["type"], hasInput: boolean) {
  let said = "";
  const input = hasInput ? { input: (async function* () {})() } : {};
  const { signal } = new AbortController();
  const left = attachConsole(
    { ...at, type },
    {
      signal,
      output(bytes) {
        said += Buffer.from(bytes).toString();
      },
      ...input,
    },
  );
  return { left, said: () => said };
}

test("what was printed before is not shown, and all that is printed until the end is", async () => {
  const { print, end, watches, ...at } = machine("before\n");
  const { left, said } = attach(at, async () => {}, false);
  await turns();
  print("one\n");
  await turns();
  assert.equal(said(), "one\n");
  print("two\n");
  end();
  await left;
  assert.deepEqual([said(), watches()], ["one\ntwo\n", 0]);
});

test("a console that takes nothing is told, after what it has printed", async () => {
  const { print, watches, ...at } = machine("");
  const type = async () => {
    await turns();
    print("last words\n");
    throw new Unavailable("nobody is there");
  };
  const { left, said } = attach(at, type, true);
  await assert.rejects(left, /nobody is there/);
  assert.deepEqual([said(), watches()], ["last words\n", 0]);
});

test("what is still being typed when the task ends keeps nobody there, and is no failure", async () => {
  const { end, ...at } = machine("");
  const type = async (_input: unknown, signal: AbortSignal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    throw new Unavailable("it was switched off");
  };
  const { left } = attach(at, type, true);
  end();
  await left;
  await turns();
});

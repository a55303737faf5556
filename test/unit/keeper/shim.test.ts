import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";
import fc from "fast-check";
import { handLines, installShim } from "../../../src/keeper/shim.ts";
import { tempFolder } from "../../support/temp-folder.ts";

// What /bin/sh may be: dash, or a bash that minds POSIX, as on macOS and others.
const shells = [["/bin/sh"], ["bash", "--posix"]] as const;

/** Runs `program` under a shim of its own; resolves with its output once the shim has ended. */
async function runUnderShim(
  folder: string,
  program: readonly string[],
  options: {
    shell?: readonly string[];
    env?: Record<string, string>;
    linesFor?: (pid: number) => string;
  } = {},
): Promise<string> {
  const outputFile = join(folder, "output");
  writeFileSync(outputFile, "");
  const record = join(folder, "a.1");
  const task = {
    record,
    cgroup: undefined,
    groups: [],
    command: program,
    workFolder: folder,
    outputFile,
  };
  const [shell = "", ...flags] = options.shell ?? shells[0];
  const shim = spawn(shell, [...flags, installShim(folder)], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const pipe = shim.stdio[3];
  assert.ok(pipe instanceof Writable);
  pipe.on("error", () => {}); // It may have ended before it read all.
  const { pid = 0 } = shim;
  pipe.end(options.linesFor?.(pid) ?? handLines(pid, { ...task, env: options.env ?? {} }));
  await once(shim, "exit");
  return readFileSync(outputFile, "utf8");
}

for (const shell of shells) {
  const where = `under ${shell.join(" ")}`;

  test(`${where} the payload runs, with signals as they were, and its exit is recorded`, async (t) => {
    const folder = await tempFolder(t);
    const script = "echo out; echo err >&2; pwd; grep SigIgn /proc/self/status; exit 5";
    const output = await runUnderShim(folder, ["/bin/sh", "-c", script], { shell });
    assert.match(output, new RegExp(`^out\nerr\n${folder}\n(SigIgn:\\s0+\n)?$`));
    assert.deepEqual(readdirSync(folder).sort(), ["a.1.exit.5", "a.1.run", "output", "shim.sh"]);
    assert.match(readFileSync(join(folder, "a.1.run"), "utf8"), /^\d+\n$/);
  });

  test(`${where} any argument and any value of a variable comes as it is`, async (t) => {
    const folder = await tempFolder(t);
    const text = fc.string({ unit: "binary" }).filter((value) => !value.includes("\0"));
    await fc.assert(
      fc.asyncProperty(text, text, async (argument, value) => {
        const print = `process.stdout.write(JSON.stringify([process.argv[1], process.env.VALUE]))`;
        const program = [process.execPath, "-e", print, "--", argument];
        const output = await runUnderShim(folder, program, { shell, env: { VALUE: value } });
        const asUtf8 = (it: string) => Buffer.from(it).toString();
        assert.deepEqual(JSON.parse(output), [asUtf8(argument), asUtf8(value)]);
      }),
      { numRuns: 15, examples: [['a\nb\'c\\ $(x) `y` "z"', "\n\n'\n"]] },
    );
  });

  test(`${where} a shim that is handed nothing ends, and one with half a task cancels it`, async (t) => {
    const folder = await tempFolder(t);
    await runUnderShim(folder, [], { shell, linesFor: () => "" });
    assert.deepEqual(readdirSync(folder).sort(), ["output", "shim.sh"]);
    const half = (pid: number) => `${pid} - ${folder}/a.1\nset -- touch '${folder}/ran'`;
    await runUnderShim(folder, [], { shell, linesFor: half });
    assert.deepEqual(readdirSync(folder).sort(), ["a.1.run", "output", "shim.sh"]);
    assert.equal(readFileSync(join(folder, "a.1.run"), "utf8"), "cancelled\n");
  });

  for (const [what, workFolder, outputFile] of [
    ["a work folder", "none", "output"],
    ["an output file", ".", "none/output"],
  ] as const) {
    test(`${where} ${what} that is not there has the shim cancel, with nothing run`, async (t) => {
      const folder = await tempFolder(t);
      const linesFor = (pid: number) =>
        handLines(pid, {
          record: join(folder, "a.1"),
          cgroup: undefined,
          groups: [],
          env: {},
          command: ["/bin/touch", join(folder, "ran")],
          workFolder: join(folder, workFolder),
          outputFile: join(folder, outputFile),
        });
      await runUnderShim(folder, [], { shell, linesFor });
      assert.deepEqual(readdirSync(folder).sort(), ["a.1.run", "output", "shim.sh"]);
      assert.equal(readFileSync(join(folder, "a.1.run"), "utf8"), "cancelled\n");
    });
  }

  test(`${where} what was told to one that was killed before it read it is passed over`, async (t) => {
    const folder = await tempFolder(t);
    const task = {
      record: join(folder, "a.1"),
      cgroup: undefined,
      groups: [],
      env: {},
      workFolder: folder,
    };
    const echo = (pid: number, word: string) =>
      handLines(pid, {
        ...task,
        command: ["/bin/echo", word],
        outputFile: join(folder, "output"),
      });
    const linesFor = (pid: number) => `rest of a line\n${echo(1, "old")}${echo(pid, "own")}`;
    assert.equal(await runUnderShim(folder, [], { shell, linesFor }), "own\n");
  });
}

test("says nothing in the task's output when a signal kills it", async (t) => {
  const folder = await tempFolder(t);
  assert.equal(await runUnderShim(folder, ["/bin/sh", "-c", "kill -9 $$"]), "");
  assert.ok(readdirSync(folder).includes("a.1.exit.137"));
});

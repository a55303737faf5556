import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runMob } from "../../../src/cli/program.ts";
import { eventually } from "../../support/eventually.ts";
import { memoryIo } from "../../support/memory-io.ts";
import { processAlive } from "../../support/process-alive.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** Runs `mob up --detach`, with a script in place of the program that is started once more. */
async function detach(t: TestContext, script: string, logBefore = "") {
  const folder = await tempFolder(t);
  await writeFile(join(folder, "node.log"), logBefore);
  const program = join(folder, "program.mjs");
  await writeFile(program, script);
  const io = memoryIo({ command: [process.execPath, program] });
  const code = await runMob(["--data", folder, "--detach", "-p", "6001"], io);
  return { code, io, folder };
}

test("returns when the node says that it is up, and leaves it running", async (t) => {
  const { code, io, folder } = await detach(
    t,
    `console.log(process.argv.slice(2).join(" "));
     process.send({ hello: "n is up\\n" }, () => process.disconnect());
     setInterval(() => {}, 1_000);`,
  );
  const pid = Number(/process (\d+)/.exec(io.out())?.[1]);
  t.after(() => process.kill(pid, "SIGKILL"));
  assert.equal(code, 0);
  assert.ok(processAlive(pid));
  assert.ok(io.out().startsWith("n is up\n"));
  assert.match(io.out(), /to stop it: mob down -p 6001\n$/);
  const log = await readFile(join(folder, "node.log"), "utf8");
  assert.equal(log, `up --data ${folder} --detached -p 6001\n`);
});

test("fails with the node's own error", async (t) => {
  const { code, io } = await detach(
    t,
    `const error = { code: "unavailable", message: "port taken", details: [] };
     process.send({ error }, () => process.disconnect());`,
  );
  assert.equal(code, 1);
  assert.equal(io.err(), "error: port taken\n");
});

test("a node that ends without a word is told with the end of its log", async (t) => {
  const { code, io } = await detach(t, `console.error("out of luck"); process.exit(3);`);
  assert.equal(code, 1);
  assert.match(io.err(), /ended while it started.*\n {2}out of luck\n/);
});

test("so it is when the node has rotated its log before", async (t) => {
  const script = `import { truncateSync } from "node:fs";
    truncateSync(process.argv[process.argv.indexOf("--data") + 1] + "/node.log");
    console.error("out of luck");
    process.exit(3);`;
  const { io } = await detach(t, script, "a line of before\n".repeat(100));
  assert.match(io.err(), /ended while it started.*\n {2}out of luck\n$/);
});

test("down waits until the node's process has ended", async (t) => {
  const { spawn } = await import("node:child_process");
  const { withApi } = await import("../../support/api-server.ts");
  const { memoryCommands } = await import("../../support/memory-commands.ts");
  const node = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  t.after(() => node.kill("SIGKILL"));
  await once(node, "spawn");
  const { pid } = node;
  assert.ok(pid !== undefined);
  const shutdown = async () => ({ name: "n", pid, running: ["web"] });
  await withApi(memoryCommands({ shutdown }), async ({ address: { port }, env }) => {
    const io = memoryIo({ env });
    let done = false;
    const code = runMob(["down", "-p", String(port)], io).finally(() => {
      done = true;
    });
    for (let turn = 0; turn < 200; turn++) await new Promise((next) => setImmediate(next));
    assert.equal(done, false);
    node.stdin.end();
    assert.equal(await code, 0);
    assert.ok(!processAlive(pid));
    assert.match(io.out(), /^n has stopped; its service runs on without it: web\n/);
  });
  await eventually(() => !processAlive(pid), "the process is gone");
});

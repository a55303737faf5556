import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { Commands } from "../../../src/api/commands.ts";
import { createAttachment } from "../../../src/client/attachment.ts";
import { createClient } from "../../../src/client/client.ts";
import { startShell } from "../../../src/shell/shell.ts";
import { withApi } from "../../support/api-server.ts";
import { eventually } from "../../support/eventually.ts";
import { memoryCommands } from "../../support/memory-commands.ts";

/** Types lines into a shell and gives what it wrote, prompts left out. */
async function type(lines: string[], commands: Partial<Commands> = {}): Promise<string> {
  const parts: string[] = [];
  await withApi(memoryCommands(commands), async ({ endpoint }) => {
    const input = new PassThrough();
    const output = new PassThrough();
    output.on("data", (part) => parts.push(String(part)));
    const attachment = createAttachment(endpoint);
    const client = createClient(endpoint); // Commands of memory have no actors, and no sessions.
    const options = { terminal: false, color: false };
    const shell = startShell({ client, attachment, name: "n", input, output, ...options });
    for (const line of lines) {
      const prompts = promptsIn(parts);
      input.write(`${line}\n`);
      await eventually(() => promptsIn(parts) > prompts, `the answer to ${line}`);
    }
    input.end();
    await shell.closed;
    client.close();
  });
  return parts.join("").replaceAll("n> ", "");
}

const promptsIn = (parts: readonly string[]) => parts.join("").split("n> ").length;

test("a call is awaited and its answer shown as a table", async () => {
  assert.match(await type(["mob.nodes()"]), /^NAME +ADDRESS.*\n6666@box +127/);
  assert.match(await type(["await mob.services()"]), /^NAME +SLOT.*\nweb +0/);
  assert.match(await type(["mob.tree()"]), /^ACTOR.*\nmob .*\n├─ peer/);
  assert.match(await type(['mob.actor("mob/controller")']), /^path +mob\/controller$/m);
  assert.match(await type(['mob.stop("web")']), /web +stopped +stopped/);
  assert.match(await type(['mob.deploy({ name: "web" })']), /^web: created/);
  assert.equal((await type(['mob.logs("web")'])).trim(), "one\ntwo");
});

test("answers are plain data to compute with", async () => {
  const output = await type(["const nodes = await mob.nodes()", "nodes.map((n) => n.labels.zone)"]);
  assert.equal(output.trim(), "[ 'eu' ]");
});

test("an error is its message and details, not a stack, and the shell goes on", async () => {
  const output = await type(['mob.show("nope")', "mob.show()", "1 + 1"]);
  assert.match(output, /error: there is no service nope\n/);
  assert.match(output, /error: a name is missing/);
  assert.doesNotMatch(output, /Uncaught|at .*\.ts/);
  assert.match(output, /^2$/m);
});

test("an error of the user's own code is told as Node does", async () => {
  assert.match(await type(["nothing.there"]), /Uncaught ReferenceError: nothing is not defined/);
});

test("mob is still there after .clear", async () => {
  assert.match(await type([".clear", "mob.nodes()"]), /6666@box/);
});

test(".help tells of mob and of the shell's own commands", async () => {
  const output = await type([".help"]);
  assert.match(output, /mob\.deploy\(/);
  assert.match(output, /\.exit/);
});

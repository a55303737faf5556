/**
 * The shell as a user has it: `./mob` in a real terminal, keys typed, the screen read.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { freePort, Lab } from "../support/mob-node.ts";
import { noTerminal, Terminal } from "../support/terminal.ts";

const skip = noTerminal();

/** A node at its shell, ready to be typed at. */
async function openShell(t: TestContext): Promise<{ terminal: Terminal; port: number }> {
  const port = await freePort();
  const lab = await Lab.open(t);
  const terminal = await Terminal.open(t, lab, `./mob -p ${port} -P bash`);
  await terminal.see(new RegExp(`^${port}@[^\\n]*> *$`, "m"));
  return { terminal, port };
}

const deployWeb =
  'mob.deploy({ name: "web", provider: "bash", params: { command: "echo hello; sleep 1000" } })';

test("a node on a terminal greets, takes a deploy, and shows services in colour", {
  skip,
}, async (t) => {
  const { terminal, port } = await openShell(t);
  const greeting = await terminal.screen();
  assert.match(greeting, new RegExp(`${port}@\\S+ is up on 127.0.0.1:${port}`));
  assert.match(greeting, /\.help shows what can be typed here; Ctrl-D stops the node/);
  assert.doesNotMatch(greeting, /INFO/);

  await terminal.type(`await ${deployWeb}`, "Enter");
  await terminal.see(/web: created, generation 1.*\n.*NAME.*\n +web +0 .* running/);
  await terminal.type("await mob.services()", "Enter");
  await terminal.see(/^web +0 +\S+ +bash +running +- +\d+s +0 +pid=\d+ +-$/m);
  await terminal.see(/\[32mrunning/, "-e");
  await terminal.type('mob.logs("web")', "Enter");
  await terminal.see(/^hello$/m);
});

test("names of calls and services are completed, and lines remembered", { skip }, async (t) => {
  const { terminal } = await openShell(t);
  await terminal.type(deployWeb, "Enter");
  await terminal.see(/web: created/);
  await terminal.press("C-l");
  await terminal.type("mob.serv", "Tab");
  await terminal.see(/> mob\.services$/m);
  await terminal.press("C-u");
  await terminal.type('mob.stop("w', "Tab");
  await terminal.see(/> mob\.stop\("web$/m);
  await terminal.type('")', "Enter");
  await terminal.see(/^web +stopped +stopped/m);
  await terminal.press("C-l", "Up");
  await terminal.see(/> mob\.stop\("web"\)$/m);
});

test("a spec may be typed over several lines, and a mistake costs no more than a message", {
  skip,
}, async (t) => {
  const { terminal } = await openShell(t);
  await terminal.type("mob.deploy({", "Enter");
  await terminal.type('name: "web", provider: "bash",', "Enter");
  await terminal.type('params: { comand: "x" } })', "Enter");
  await terminal.see(/error: the spec cannot be accepted\n(.*\n)*.*params\.comand: unknown key/);
  await terminal.type(".help", "Enter");
  await terminal.see(/mob\.deploy\(\{ name/);
  await terminal.type("1 + 1", "Enter");
  await terminal.see(/^2$/m);
});

test("Ctrl-D stops the node, and says what becomes of its services and how to stop them", {
  skip,
}, async (t) => {
  const { terminal, port } = await openShell(t);
  await terminal.type(deployWeb, "Enter");
  await terminal.see(/web: created/);
  await terminal.press("C-d");
  const screen = await terminal.see(/ended with 0/);
  assert.match(screen, /has stopped; its service runs on without it: web\n/);
  assert.match(screen, new RegExp(`to stop it, start the node again \\(mob -p ${port}\\)`));
});

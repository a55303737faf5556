/** `mob exec`: commands beside tasks, through any node, as README and docs/providers.md tell of them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { Lab, type MobNode, root } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";
import { noTerminal, Terminal } from "../support/terminal.ts";

const web = {
  name: "web",
  provider: "bash",
  params: { command: "echo here >note; exec sleep 1000" },
  env: { MODE: "production" },
};

/** What comes after `--` is the command's, `-p` too. */
const exec = ({ lab, port }: MobNode, ...args: readonly string[]) =>
  lab.run("./mob", ["exec", "-p", String(port), ...args]);

test("a command runs where its task does, through another node, with its streams and its exit code", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  await a.deploy(web);
  await a.until("web", "running");
  for (const node of [a, b]) {
    const script = 'cat note; echo "$MODE" >&2; exit 42';
    const ran = await eventually(async () => {
      const one = await exec(node, "web", "--", "sh", "-c", script);
      return one.stdout !== "" && one; // The task has written its note.
    }, "a command that finds the task's file");
    assert.deepEqual(ran, { code: 42, stdout: "here\n", stderr: "production\n" });
  }
  const killed = await exec(b, "web/0", "--", "sh", "-c", "kill -9 $$");
  assert.equal(killed.code, 137);
});

test("it reads standard input with -i, however much, and writes as much", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  await a.deploy(web);
  await a.until("web", "running");
  const text = Array.from({ length: 200_000 }, (_, i) => `line ${i}\n`).join("");
  for (const { port } of [a, b]) {
    const args = ["exec", "-i", "web", "-p", String(port), "--", "cat", "/dev/stdin"];
    const { code, stdout } = await lab.run("./mob", args, text);
    assert.equal(code, 0);
    assert.ok(stdout === text, `${stdout.length} of ${text.length} bytes`);
  }
  const deaf = await lab.run("./mob", ["exec", "web", "-p", String(a.port), "--", "cat"], "x");
  assert.deepEqual(deaf, { code: 0, stdout: "", stderr: "" });
});

test("what cannot be done is refused by name, each with its exit code", async (t) => {
  const node = await (await Lab.open(t)).start();
  await node.deploy(web);
  await node.until("web", "running");
  await node.deploy({ ...web, name: "none", instances: 0 });
  await node.deploy({ name: "shop", services: [{ ...web, name: "db" }, web] });
  const refused: readonly [readonly string[], number, RegExp][] = [
    [["nope", "--", "true"], 3, /there is no service nope/],
    [["web/7", "--", "true"], 3, /web has no instance 7/],
    [["shop", "--", "true"], 2, /shop is a group: name one of its services: shop\/db, shop\/web\n/],
    [["shop/0", "--", "true"], 2, /shop is a group/],
    [["shop/nope", "--", "true"], 3, /there is no service shop\/nope/],
    [["none", "--", "true"], 1, /none does not run: it is to have no instances/],
    [["web"], 1, /bash has no console: name a command/],
    [["-t", "web", "--", "true"], 2, /-t gives the command this terminal/],
    [["web", "--", "no-such-program"], 1, /no-such-program/],
  ];
  for (const [args, code, message] of refused) {
    const told = await exec(node, ...args);
    assert.equal(told.code, code, told.stderr);
    assert.match(told.stderr, message);
  }
  await node.mob("stop", "web");
  const stopped = await exec(node, "web", "--", "true");
  assert.deepEqual(
    [stopped.code, /web does not run: it is stopped/.test(stopped.stderr)],
    [1, true],
  );
});

test("a command ends with whoever has it run", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  await a.deploy(web);
  await a.until("web", "running");
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    const script = "echo $$; exec sleep 1000";
    const args = ["exec", "web", "-p", String(b.port), "--", "sh", "-c", script];
    const client = spawn("./mob", args, { cwd: root, env: lab.env });
    let out = "";
    client.stdout.on("data", (bytes) => {
      out += bytes;
    });
    const exited = new Promise((resolve) => client.once("exit", (...how) => resolve(how)));
    await eventually(() => out.endsWith("\n"), "the command");
    assert.ok(processAlive(Number(out)));
    client.kill(signal);
    assert.deepEqual(await exited, signal === "SIGINT" ? [130, null] : [null, "SIGKILL"]);
    await eventually(() => !processAlive(Number(out)), "the end of the command");
  }
  assert.equal((await a.instance("web"))?.restarts, 0);
});

test("the shell runs commands too", { skip: noTerminal() }, async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start();
  await node.deploy(web);
  await node.until("web", "running");
  const terminal = await Terminal.open(t, lab, `./mob attach -p ${node.port}`);
  await terminal.see(/>$/m);
  await terminal.type('mob.exec("web", "sh", "-c", "echo $MODE; exit 3")', "Enter");
  await terminal.see(/production\s+exit code 3/);
});

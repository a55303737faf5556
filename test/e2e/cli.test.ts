/** The commands as the README and the original's README give them: what they print, and their exit codes. */
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { InstanceView, NodeView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, freePort, Lab } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";

const forever = "while true; do sleep 1; done";

test("the original's commands: two nodes, a join, the nodes, a deploy with single quotes", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start({ providers: "docker,bash" });
  const b = await lab.start({ providers: "bash" });
  assert.match(a.printed, /^providers: bash\nnot offered: docker: .+/m);
  const mobcli = (...args: string[]) => lab.run("./mobcli", ["-p", String(a.port), ...args]);

  const joined = await mobcli("-j", `127.0.0.1:${b.port}`);
  assert.equal(joined.code, 0, joined.stderr);
  const nodes = await mobcli("-n", "--json");
  const list = JSON.parse(nodes.stdout) as NodeView[];
  assert.deepEqual(
    list.map(({ address, state }) => `${address} ${state}`).sort(),
    [a, b].map(({ port }) => `127.0.0.1:${port} alive`).sort(),
  );
  const spec = `{ 'name': 'web', 'provider': 'bash', 'params': { 'command': '${forever}' } }`;
  const deployed = await mobcli("-d", spec);
  assert.match(deployed.stdout, /^web: created, generation 1, on disk on 2 of 2 nodes\n/);
  assert.equal((await b.until("web", "running")).restarts, 0);
});

test("a spec is taken as JSON, as YAML, from files and from standard input, several in one", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  const file = join(lab.home, "two.yaml");
  const yaml = (name: string) => `name: ${name}\nprovider: bash\nparams: { command: sleep 1000 }\n`;
  await writeFile(file, `${yaml("one")}---\n${yaml("two")}requires: [one]\n`);
  await a.mob("deploy", file, JSON.stringify(bash("three", forever)), yaml("four"));
  const piped = await lab.run("./mobcli", ["-p", String(a.port), "-d", "-"], yaml("five"));
  assert.equal(piped.code, 0, piped.stderr);
  const all = await a.json<InstanceView[]>("ls");
  assert.deepEqual(all.map(({ name }) => name).sort(), ["five", "four", "one", "three", "two"]);
});

test("a service that fails at once is not told to run, and its output is pointed at", async (t) => {
  const a = await (await Lab.open(t)).start();
  const restart = { delay: "1h", max: "1h" };
  let tries = 0;
  // On a machine so slow that it has not failed when it is looked at, the next one will have.
  const deployed = await eventually(async () => {
    tries++;
    const spec = bash(`web-${tries}`, "echo oops; exit 3", { restart });
    const told = await a.try("deploy", JSON.stringify(spec));
    return told.stdout.includes("backing-off") ? told : undefined;
  }, "a failure to be told by the deploy itself");
  assert.equal(deployed.code, 0);
  assert.match(deployed.stdout, /backing-off +exited with code 3/);
  assert.match(deployed.stderr, new RegExp(`mob logs web-${tries}`));
  assert.match(await a.mob("logs", `web-${tries}`), /^oops\n/);
});

test("of what cannot be started the reason is pointed at, and no output", async (t) => {
  const a = await (await Lab.open(t)).start({ providers: "exec" });
  const restart = { delay: "1h", max: "1h" };
  const spec = { name: "web", provider: "exec", params: { program: "/no/program" }, restart };
  const { stdout, stderr } = await a.try("deploy", JSON.stringify(spec));
  assert.match(stdout, /could not be started: .*\/no\/program/);
  assert.equal(stderr, "to see why: mob show web\n");
});

test("a deploy of a job that has failed by then exits with 1", async (t) => {
  const a = await (await Lab.open(t)).start();
  let tries = 0;
  const job = await eventually(async () => {
    tries++;
    const spec = bash(`job-${tries}`, "exit 4", { restart: "none" });
    const told = await a.try("deploy", JSON.stringify(spec));
    return told.stdout.includes("failed") ? told : undefined;
  }, "a failure to be told by the deploy itself");
  assert.equal(job.code, 1);
  assert.match(job.stdout, /failed +exited with code 4/);
});

test("exit codes tell bad usage, what is not there, and that no node answers", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  const expected: readonly [number, RegExp, ...string[]][] = [
    [2, /unknown command 'lss'\n.*Did you mean ls\?/, "lss"],
    [2, /unknown option '--jsn'\n.*\nsee mob ls --help/, "ls", "--jsn"],
    [2, /missing required argument 'name'\nsee mob stop --help/, "stop"],
    [2, /there is no such file/, "deploy", join(lab.home, "nix.yaml")],
    [2, /params\.command/, "deploy", '{name: "x", provider: bash, params: {}}'],
    [2, /comes later/, "secret"],
    [2, /not an address/, "join", "nowhere"],
    [3, /there is no service nope/, "logs", "nope"],
    [3, /there is no service nope/, "stop", "nope"],
    [3, /there is no node nope/, "actors", "--of", "nope"],
    [1, /is this node itself/, "join", `127.0.0.1:${a.port}`],
  ];
  await Promise.all(
    expected.map(async ([code, message, ...args]) => {
      const output = await a.try(...args);
      assert.match(output.stderr, message, args.join(" "));
      assert.equal(output.code, code, args.join(" "));
      assert.equal(output.stdout, "");
    }),
  );
  const nobody = await lab.run("./mob", ["ls", "-p", String(await freePort())]);
  assert.equal(nobody.code, 4);
  assert.match(nobody.stderr, /no node of yours runs on port .*: start one with/);
});

test("everything that is wrong with a spec is told at once, the provider's parameters included", async (t) => {
  const a = await (await Lab.open(t)).start();
  const bad = { nam: "x", name: "x", provider: "bash", restart: "alwys", params: { comand: "x" } };
  const { code, stderr } = await a.try("deploy", JSON.stringify(bad));
  assert.equal(code, 2);
  for (const told of [/nam: .*`name`/, /restart: .*`always`/, /params\.comand: .*`command`/]) {
    assert.match(stderr, told);
  }
});

test("a join that failed is over: what comes up there later is not joined", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  const port = await freePort();
  const failed = await a.try("join", `127.0.0.1:${port}`);
  assert.equal(failed.code, 4);
  assert.match(failed.stderr, /nobody answers at/);
  let dials = 0;
  const server = createServer((socket) => {
    dials++;
    socket.destroy();
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  assert.equal((await a.try("join", `127.0.0.1:${port}`)).code, 4);
  const told = dials;
  // What is dialed on is dialed every second: three of them pass while a task runs.
  await a.deploy(bash("clock", "sleep 3", { restart: "none" }));
  await a.until("clock", "done");
  assert.ok(told >= 1);
  assert.equal(dials, told);
});

test("a join to what is no node says so", async (t) => {
  const a = await (await Lab.open(t)).start();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  t.after(() => server.close());
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const { code, stderr } = await a.try("join", `127.0.0.1:${port}`);
  assert.equal(code, 4);
  assert.match(stderr, /is no node, or one of another version/);
});

test("a node that was started with --join goes on trying, and finds its network", async (t) => {
  const lab = await Lab.open(t);
  const port = await freePort();
  const a = await lab.start({ args: ["--join", `127.0.0.1:${port}`] });
  assert.match(a.printed, new RegExp(`in search of its network at 127.0.0.1:${port}`));
  await eventually(() => a.printed.includes("is not reached"), "the log to say so");
  await lab.start({ port });
  await eventually(async () => (await a.json<NodeView[]>("nodes")).length === 2, "the join");
});

test("a port or a data folder in use is told in one line", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  const folder = await lab.run("./mob", ["-p", String(await freePort()), "--data", a.dataFolder]);
  assert.equal(folder.code, 1);
  assert.match(
    folder.stderr,
    /^error: the data folder .* is in use by a node that runs already\n$/,
  );
  const other = join(lab.home, "other");
  const port = await lab.run("./mob", ["-p", String(a.port), "--data", other]);
  assert.equal(port.code, 1);
  assert.match(port.stderr, /error: cannot listen on 127\.0\.0\.1:\d+: the port is in use/);
});

test("--detach returns when the node is up, and down when it is gone; its services run on", async (t) => {
  const lab = await Lab.open(t);
  const port = String(await freePort());
  const up = await lab.run("./mob", ["--detach", "-p", port, "-P", "bash"]);
  assert.equal(up.code, 0, up.stderr);
  assert.match(up.stdout, new RegExp(`to stop it: mob down -p ${port}`));
  const again = await lab.run("./mob", ["--detach", "-p", port, "-P", "bash"]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /runs already/);
  const on = (...args: string[]) => lab.run("./mob", [...args, "-p", port]);
  await on("deploy", JSON.stringify(bash("web", forever)));
  const [web] = JSON.parse((await on("ls", "--json")).stdout) as InstanceView[];
  const pid = Number(web?.handle["pid"]);
  const down = await on("down");
  assert.match(
    down.stdout,
    /its service runs on without it: web\nto stop it, start the node again/,
  );
  assert.ok(processAlive(pid));
  assert.equal((await on("ls")).code, 4);
  const log = join(lab.home, port, "node.log");
  assert.match(readFileSync(log, "utf8"), / has stopped; its service runs on/);
  const full = `${"x".repeat(5 * 1024 * 1024)}\n`;
  appendFileSync(log, full);
  assert.equal((await lab.run("./mob", ["--detach", "-p", port])).code, 0);
  await eventually(() => statSync(log).size < 100_000, "a full log to be put aside");
  const aside = readFileSync(`${log}.1`, "utf8");
  assert.match(aside, /^.* is up on /);
  assert.ok(aside.includes(full));
  assert.equal((await on("rm", "web")).code, 0);
  assert.equal((await on("down")).code, 0);
  assert.ok(!processAlive(pid));
});

test("without a terminal a node logs whom it meets and loses by name", async (t) => {
  const [a, b] = await (await Lab.open(t)).pair();
  assert.equal(await b.stop(), 0);
  await eventually(() => a.printed.includes("disconnected"), "the log to say so");
  const lines = a.printed.split("\n").filter((line) => line.includes("connected"));
  for (const line of lines) assert.match(line, new RegExp(`INFO +(dis)?connected peer=${b.port}@`));
});

test("a reader that has seen enough ends the logs", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  await a.deploy(bash("web", "while true; do echo tick; sleep 0.1; done"));
  const script = `./mob logs web -n all -f -p ${a.port} | head -1`;
  const { code, stdout, stderr } = await lab.shell(script);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "tick\n", stderr: "" });
});

test("the README's spec is one that can be deployed", async (t) => {
  const a = await (await Lab.open(t)).start();
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, spec = ""] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  const { code, stdout, stderr } = await a.try("deploy", spec);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /waits for db/);
});

/** Containers through the commands, as the README tells of them, on an engine of the test's own. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { busyboxImage } from "../support/busybox-root.ts";
import { DockerEngine, whyNoDocker } from "../support/docker-engine.ts";
import { skipWithout } from "../support/engine-needed.ts";
import { eventually } from "../support/eventually.ts";
import { Lab, type MobNode, root } from "../support/mob-node.ts";
import { processAlive } from "../support/process-alive.ts";
import { noTerminal, Terminal } from "../support/terminal.ts";

const skip = skipWithout(whyNoDocker());
let engine: DockerEngine;

before(async () => {
  if (skip !== false) return;
  engine = await DockerEngine.open();
  await engine.docker("tag", busyboxImage, "alpine:edge"); // What the README runs; nothing is pulled.
});
after(() => engine?.close());

function openLab(t: TestContext): Promise<Lab> {
  return Lab.open(t, { DOCKER_HOST: `unix://${engine.socketPath}` });
}

/** The README's command that deploys a container, for another port. */
function readmeCommand(port: number): string {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [command = ""] = /^\.\/mobcli .*"provider": "docker".*$/m.exec(readme) ?? [];
  assert.ok(command.includes("-p 6666"));
  return command.replace("-p 6666", `-p ${port}`);
}

test("a container is checked through its published port, and by commands in it", {
  skip,
}, async (t) => {
  const lab = await openLab(t);
  const node = await lab.start({ providers: "docker" });
  const quick = { interval: "200ms", start_period: "60s" };
  const go = join(lab.home, "go");
  const shared = { volumes: [`${lab.home}:${lab.home}`] };
  const serve = `until [ -e ${go} ]; do sleep 0.1; done; exec nc -lk -p 80 -e true`;
  const command = ["sh", "-c", serve];
  const published = { command, ports: ["127.0.0.1:http:80"], ...shared };
  await Promise.all([
    deploy(node, "tcp", published, {
      ports: { http: 0 },
      health: { tcp: { port: "http" }, ...quick },
    }),
    deploy(
      node,
      "exec",
      { command: "sleep 1000", ...shared },
      {
        health: { exec: { command: `test -e ${go}` }, ...quick },
      },
    ),
  ]);
  for (const name of ["tcp", "exec"]) {
    await eventually(async () => {
      const { state, healthy, reason = "" } = (await node.instance(name)) ?? {};
      return state === "running" && healthy === null && reason.includes("not healthy yet");
    }, `${name} to run and not to be healthy`);
  }
  await deploy(node, "go", { command: `touch ${go}`, ...shared }, { restart: "none" });
  for (const name of ["tcp", "exec"]) {
    await eventually(async () => (await node.instance(name))?.healthy, `${name} to be healthy`);
  }
  await node.mob("rm", "tcp", "exec", "go"); // The engine is the next test's as well.
  await eventually(async () => (await engine.docker("ps", "-aq")) === "", "nothing left");
});

const deploy = (node: MobNode, name: string, params: object, more: object = {}) =>
  node.deploy({ name, provider: "docker", params: { image: busyboxImage, ...params }, ...more });

test("the README's container is restarted, outlives its node, and leaves nothing", {
  skip,
}, async (t) => {
  const lab = await openLab(t);
  const node = await lab.start({ providers: "docker" });
  const deployed = await lab.shell(readmeCommand(node.port));
  assert.equal(deployed.code, 0, deployed.stderr);
  const first = await node.until("ciao", "running");
  await eventually(async () => (await node.mob("logs", "ciao")).startsWith("ciao\n"), "its output");

  process.kill(Number(first.handle["pid"]), "SIGKILL");
  const second = await eventually(async () => {
    const now = await node.instance("ciao");
    return now?.state === "running" && now.restarts === 1 && now;
  }, "its restart");
  assert.notEqual(second.handle["container"], first.handle["container"]);
  assert.deepEqual(second.exit, { signal: "SIGKILL" });

  await node.crash();
  assert.ok(processAlive(Number(second.handle["pid"])));
  await node.start({ providers: "docker" });
  const third = await node.until("ciao", "running");
  assert.deepEqual([third.handle, third.restarts, third.since], [second.handle, 1, second.since]);

  await node.mob("rm", "ciao");
  await eventually(async () => (await engine.docker("ps", "-aq")) === "", "nothing left");
  assert.deepEqual(await node.json("ls"), []);
});

test("its logs have no gap over the crash of the node", { skip }, async (t) => {
  const lab = await openLab(t);
  const node = await lab.start({ providers: "docker" });
  const command = "sh -c 'n=0; while :; do n=$((n+1)); echo $n; usleep 10000; done'";
  await deploy(node, "count", { command, init: true });
  const lines = async () => (await node.mob("logs", "count", "-n", "all")).trimEnd().split("\n");
  await eventually(async () => (await lines()).length > 20, "some lines");
  await node.crash();
  await node.start({ providers: "docker" });
  const seen = (await lines()).length;
  const all = await eventually(async () => {
    const now = await lines();
    return now.length > seen + 100 && now;
  }, "more lines");
  assert.deepEqual(
    all,
    all.map((_line, i) => String(i + 1)),
  );
  await node.mob("stop", "count");
  assert.deepEqual((await node.instance("count"))?.exit, { signal: "SIGTERM", byMob: true });
  await node.mob("rm", "count");
});

test("a command runs in a container, with a terminal where it is to have one", {
  skip: skip === false ? noTerminal() : skip,
}, async (t) => {
  const lab = await openLab(t);
  const node = await lab.start({ providers: "docker" });
  await deploy(node, "web", { command: "sleep 1000" });
  await node.until("web", "running");
  const script = "cat; tty; echo wrong >&2; exit 9";
  const args = ["exec", "-i", "web", "-p", String(node.port), "--", "sh", "-c", script];
  const ran = await lab.run("./mob", args, "given\n");
  assert.deepEqual(ran, { code: 9, stdout: "given\nnot a tty\n", stderr: "wrong\n" });

  const command = `./mob exec -it web -p ${node.port} -- sh`;
  const terminal = await Terminal.open(t, lab, command);
  await terminal.see(/#$/m);
  await terminal.type("stty size; tty", "Enter");
  await terminal.see(/50 150\s+\/dev\//);
  await terminal.type("sh -c 'echo asl''eep; exec sleep 1000'", "Enter");
  await terminal.see(/^asleep$/m); // Before that the shell would take what is pressed.
  await terminal.press("C-c"); // Ends the sleep, and no more.
  await terminal.type("exit 5", "Enter");
  await terminal.see(/ended with 5/);
  await node.mob("rm", "web");
});

test("a container without enough memory, and an image that cannot be had, say so", {
  skip,
}, async (t) => {
  const node = await (await openLab(t)).start({ providers: "docker" });
  const job = { restart: "none" };
  await node.try(
    "deploy",
    JSON.stringify({
      name: "greedy",
      provider: "docker",
      params: { image: busyboxImage, args: "tail /dev/zero" },
      resources: { memory: "16MB" },
      ...job,
    }),
  );
  const greedy = await node.until("greedy", "failed");
  assert.equal(greedy.reason, "killed by SIGKILL: out of memory");
  const spec = {
    name: "lost",
    provider: "docker",
    params: { image: "no/such", pull: "never" },
    ...job,
  };
  await node.try("deploy", JSON.stringify(spec));
  const lost = await node.until("lost", "failed");
  assert.equal(
    lost.reason,
    "could not be started: params.image: no/such is not on this node, and pull is never",
  );
  await node.mob("rm", "greedy", "lost");
});

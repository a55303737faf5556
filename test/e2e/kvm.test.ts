/** A machine through the commands, as docs/spec.md tells of it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { EndpointView } from "../../src/api/shapes.ts";
import { skipWithout } from "../support/engine-needed.ts";
import { eventually } from "../support/eventually.ts";
import {
  guestAppend,
  guestArgs,
  guestKernel,
  makeInitramfs,
  whyNoGuest,
} from "../support/guest.ts";
import { Lab } from "../support/mob-node.ts";
import { noTerminal, Terminal } from "../support/terminal.ts";

const skip = skipWithout(whyNoGuest());

test("a machine is healthy once its server answers, runs on over a crash of its node, and ends by its button", {
  skip,
}, async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start({ providers: "kvm" });
  const initrd = join(lab.home, "initramfs");
  makeInitramfs(initrd);
  const script = `trap 'echo bye; exit 3' TERM
    ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up
    mkdir /www; echo "$GREETING" >/www/index.html; httpd -p 80 -h /www
    echo "serves at $PORT_HTTP"; while :; do sleep 0.1; done`;
  const machine = { kernel: guestKernel, initrd, append: guestAppend, memory: "128MiB" };
  const web = {
    name: "web",
    provider: "kvm",
    params: { ...machine, args: guestArgs(script), ports: ["http:80"] },
    ports: { http: 0 },
    env: { GREETING: "it's me" },
    health: { http: { port: "http" }, interval: "200ms", start_period: "10m" },
    stop: { grace: "10m" },
  };
  const refused = async (more: object) =>
    (await node.try("deploy", JSON.stringify({ ...web, name: "unfit", ...more }))).stderr;
  assert.match(await refused({ health: { exec: { command: "true" } } }), /exec/);
  const resources = { memory: "256MB", cpu: 1 };
  assert.match(await refused({ resources }), /resources: kvm cannot limit what its tasks use/);
  const volumes = [{ from: "data", at: "/srv/data" }];
  assert.match(await refused({ volumes }), /volumes: kvm cannot give its tasks volumes/);
  await node.deploy(web);
  const [endpoint] = await eventually(async () => {
    const all = await node.json<EndpointView[]>("endpoints", "web");
    return all[0]?.healthy === true && all;
  }, "a healthy machine");
  const page = await fetch(`http://${endpoint?.address}/`);
  assert.equal(await page.text(), "it's me\n");
  const pid = await node.taskPid("web");
  await node.crash();
  await node.start({ providers: "kvm" });
  assert.equal(await node.taskPid("web"), pid);
  await node.mob("stop", "web");
  assert.deepEqual((await node.instance("web"))?.exit, { code: 3, byMob: true });
  assert.match(await node.mob("logs", "web"), /^serves at \d+\n(Terminated\n)?bye\n$/);
});

test("whoever types at the console of a machine is heard, through the crash of its node, and leaves by a key", {
  skip: skip === false ? noTerminal() : skip,
}, async (t) => {
  const lab = await Lab.open(t);
  const node = await lab.start({ providers: "kvm" });
  const initrd = join(lab.home, "initramfs");
  makeInitramfs(initrd);
  const script = 'echo login:; while read name; do echo "welcome, $name"; done </dev/ttyS0';
  const machine = { kernel: guestKernel, initrd, append: guestAppend, memory: "128MiB" };
  await node.deploy({
    name: "vm",
    provider: "kvm",
    params: { ...machine, args: guestArgs(script) },
  });
  const logged = (text: string) =>
    eventually(async () => (await node.mob("logs", "vm")).includes(text), text);
  await logged("login:");
  const port = ["-p", String(node.port)];
  const withCommand = await lab.run("./mob", ["exec", "vm", ...port, "--", "true"]);
  assert.match(
    withCommand.stderr,
    /kvm cannot run a command in a task: without one, exec attaches/,
  );
  await node.crash();
  await node.start({ providers: "kvm" });
  await node.until("vm", "running");
  assert.equal((await lab.run("./mob", ["exec", "-i", "vm", ...port], "bob\n")).code, 0);
  await logged("welcome, bob");
  const terminal = await Terminal.open(t, lab, `./mob exec -it vm -p ${node.port}`);
  await terminal.type("eve", "Enter");
  await terminal.see(/welcome, eve/);
  await terminal.press("C-]");
  await terminal.see(/ended with 0/);
  await node.mob("rm", "vm");
});

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
  const unfit = { ...web, name: "unfit", health: { exec: { command: "true" } } };
  assert.match((await node.try("deploy", JSON.stringify(unfit))).stderr, /exec/);
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
  assert.deepEqual((await node.instance("web"))?.exit, { code: 3 });
  assert.match(await node.mob("logs", "web"), /^serves at \d+\n(Terminated\n)?bye\n$/);
});

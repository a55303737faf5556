/** Ports that nodes give to real tasks, and where they are told to be reached. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import type { EndpointView } from "../../src/api/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { bash, freePort, Lab } from "../support/mob-node.ts";

const script = `require("http").createServer((_, answer) => answer.end("hello"))
  .listen(process.env.PORT_HTTP, "127.0.0.1")`;
const server = `exec '${process.execPath}' -e '${script}'`;
const forever = "while true; do sleep 1; done";

test("a task listens where it is told to, is checked and found there, and keeps its port over restarts", async (t) => {
  const lab = await Lab.open(t);
  const [a, b] = await lab.pair();
  const health = { http: { port: "http" }, interval: "200ms" };
  await a.deploy(bash("web", server, { ports: { http: 0 }, health }));
  const [found] = await eventually(async () => {
    const all = await b.json<EndpointView[]>("endpoints", "web");
    return all.length === 1 && all;
  }, "its endpoint");
  assert.ok(found !== undefined);
  const web = await b.until("web", "running");
  assert.deepEqual(found, {
    name: "web",
    slot: 0,
    node: web.node,
    port: "http",
    address: `127.0.0.1:${web.ports["http"]}`,
    healthy: true,
  });
  assert.equal(await (await fetch(`http://${found.address}/`)).text(), "hello");
  assert.match(await a.mob("ls"), new RegExp(`http=${web.ports["http"]}`));
  assert.match(await a.mob("endpoints"), new RegExp(`web .*http +${found.address}`));

  await b.mob("restart", "web");
  assert.deepEqual((await a.until("web", "running")).ports, web.ports);
  await a.crash();
  await a.start();
  assert.deepEqual((await a.until("web", "running")).ports, web.ports);
  await b.mob("stop", "web");
  assert.deepEqual(await b.json("endpoints"), []);
  assert.equal((await a.try("endpoints", "nope")).code, 3);
});

test("a fixed port that somebody else holds is told as why a service does not start, until it is free", async (t) => {
  const lab = await Lab.open(t);
  const a = await lab.start();
  const port = await freePort();
  const other = createServer();
  t.after(() => other.close());
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  const restart = { delay: "100ms", max: "100ms" };
  await a.deploy(bash("web", forever, { ports: { admin: port }, restart }));
  const reason = await eventually(async () => {
    const web = await a.instance("web");
    return web?.state === "backing-off" && web.reason;
  }, "the refusal");
  assert.match(reason, new RegExp(`port ${port} \\(ports\\.admin\\) is in use on this node`));
  await new Promise((resolve) => other.close(resolve));
  assert.deepEqual((await a.until("web", "running")).ports, { admin: port });
});

/** Services whose containers tell their health themselves, by the HEALTHCHECK of their image. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import type { EndpointView, InstanceView, ServiceDetail } from "../../src/api/shapes.ts";
import { busyboxImage, checkedImage } from "../support/busybox-root.ts";
import { DockerEngine, whyNoDocker } from "../support/docker-engine.ts";
import { skipWithout } from "../support/engine-needed.ts";
import { eventually } from "../support/eventually.ts";
import { Lab, type MobNode } from "../support/mob-node.ts";

const skip = skipWithout(whyNoDocker());
let engine: DockerEngine;

before(async () => {
  if (skip !== false) return;
  engine = await DockerEngine.open();
  await engine.importChecked();
});
after(() => engine?.close());

async function startNode(t: TestContext) {
  const lab = await Lab.open(t, { DOCKER_HOST: `unix://${engine.socketPath}` });
  const folder = (name: string) => {
    mkdirSync(join(lab.home, name), { recursive: true });
    return join(lab.home, name);
  };
  return { node: await lab.start({ providers: "docker" }), folder };
}

/** Healthy while there is a file `healthy` in the folder. */
function checked(name: string, folder: string, more: object = {}): object {
  const params = { image: checkedImage, command: "sleep 1000", volumes: [`${folder}:/checked`] };
  return { name, provider: "docker", params, stop: { grace: "0s" }, ...more };
}

/** The instance once it runs and its health is so, and it was restarted so often. */
function runs(node: MobNode, name: string, healthy: boolean | null, restarts = 0) {
  return eventually(async () => {
    const now = await node.instance(name);
    const isSo = now?.state === "running" && now.healthy === healthy;
    return isSo && now.restarts === restarts && now;
  }, `${name} to run with health ${healthy} after ${restarts} restarts`);
}

test("what requires a container waits for its image's check, and what fails it is restarted", {
  skip,
}, async (t) => {
  const { node, folder } = await startNode(t);
  const at = folder("db");
  // Not waited for: a deploy is answered once it is healthy.
  const restart = { policy: "always", delay: "1h", max: "1h" }; // The first is at once.
  const deployed = node.deploy(checked("db", at, { ports: { sql: 0 }, restart }));
  const { reason } = await runs(node, "db", null);
  assert.equal(reason, "not healthy yet: HEALTHCHECK of its image");
  assert.deepEqual(await node.json<EndpointView[]>("endpoints", "db"), []);
  const web = { name: "web", provider: "docker", requires: ["db"], stop: { grace: "0s" } };
  await node.deploy({ ...web, params: { image: busyboxImage, command: "sleep 1000" } });
  const waiting = await node.instance("web");
  assert.deepEqual(
    [waiting?.state, waiting?.reason],
    ["pending", "waits for db (is running, and not healthy yet)"],
  );

  writeFileSync(join(at, "healthy"), "");
  await deployed;
  const well = await runs(node, "db", true);
  await runs(node, "web", null); // Nobody checks it.
  assert.equal((await node.json<EndpointView[]>("endpoints", "db")).length, 1);

  rmSync(join(at, "healthy"));
  const next = await runs(node, "db", null, 1);
  assert.notEqual(next.handle["container"], well.handle["container"]);
  writeFileSync(join(at, "healthy"), "");
  await runs(node, "db", true, 1);
  rmSync(join(at, "healthy"));
  assert.match(
    (await node.until("db", "backing-off")).reason ?? "",
    /^ended as unhealthy: \d+ failed health checks in a row, HEALTHCHECK of its image: exit code 3: no file$/,
  );
  await node.mob("rm", "web", "db");
});

test("what becomes of a container's health while its node is away is known once it is back", {
  skip,
}, async (t) => {
  const { node, folder } = await startNode(t);
  const at = folder("db");
  const deployed = node.deploy(checked("db", at));
  const { handle } = await runs(node, "db", null);
  const container = String(handle["container"]);
  await node.crash();
  await deployed.catch(() => {}); // Its node died before it had its answer.
  writeFileSync(join(at, "healthy"), "");
  await engineSays(container, "healthy");
  await node.start({ providers: "docker" });
  assert.deepEqual((await runs(node, "db", true)).handle, handle);

  await node.crash();
  rmSync(join(at, "healthy"));
  await engineSays(container, "unhealthy");
  await node.start({ providers: "docker" });
  await runs(node, "db", null, 1);
  await node.mob("rm", "db");
});

test("an update goes no further than to a container that its image finds not healthy, and is undone", {
  skip,
}, async (t) => {
  const { node, folder } = await startNode(t);
  const [good, bad] = [folder("good"), folder("bad")];
  writeFileSync(join(good, "healthy"), "");
  const many = { instances: 2, update: { healthy_for: "0s", deadline: "3s" } };
  const instances = async () => (await node.json<ServiceDetail>("show", "db")).instances;
  const allWell = () =>
    eventually(async () => {
      const all = await instances();
      return all.length === 2 && all.every(({ healthy }) => healthy === true) && all;
    }, "two healthy instances");
  await node.deploy(checked("db", good, many));
  const before = (await allWell()).map(containerOf);
  await node.try("deploy", JSON.stringify(checked("db", bad, many)));
  await eventually(
    async () => (await node.json<ServiceDetail>("show", "db")).generation === 3,
    "the rollback",
  );
  const after = (await allWell()).map(containerOf);
  assert.equal(after.filter((one) => before.includes(one)).length, 1, "one was never touched");
  await node.mob("rm", "db");
});

function containerOf({ handle }: InstanceView): unknown {
  return handle["container"];
}

function engineSays(container: string, status: string): Promise<unknown> {
  const format = "{{.State.Health.Status}}";
  const says = () => engine.docker("inspect", "-f", format, container);
  return eventually(async () => (await says()).trim() === status, `${container} to be ${status}`);
}

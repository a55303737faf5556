import assert from "node:assert/strict";
import { test } from "node:test";
import { fixedPorts, isGiven, taskEnv } from "../../../src/services/ports.ts";
import { parseSpec, specToJson } from "../../../src/services/spec.ts";
import { taskDigest } from "../../../src/services/task-digest.ts";
import { Driver, desired, ready, running } from "./instance-driver.ts";
import { errorsOf } from "./spec-errors.ts";

const least = { name: "web", provider: "bash" };

test("ports are named, and told in variables of capitals, digits and underscores", () => {
  const spec = parseSpec({ ...least, env: { A: "1" }, ports: { http: 0, "admin-2.x": 8_080 } });
  assert.deepEqual(specToJson(spec)["ports"], { http: 0, "admin-2.x": 8_080 });
  assert.deepEqual(taskEnv(spec, { http: 20_001, "admin-2.x": 8_080 }), {
    A: "1",
    PORT_HTTP: "20001",
    PORT_ADMIN_2_X: "8080",
  });
  assert.deepEqual(fixedPorts(spec), [8_080]);
  assert.deepEqual(parseSpec(least).ports, {});
});

test("every error of ports is told with its path", () => {
  const errors = errorsOf({
    ports: { a: 1, b: 1, "c-d": 0, c_d: 0, "9": 0, e: "0" },
    env: { PORT_A: 1 },
  });
  assert.deepEqual(Object.keys(errors).sort(), [
    "env.PORT_A",
    "ports.9",
    "ports.b",
    "ports.c_d",
    "ports.e",
  ]);
  assert.match(errors["ports.b"] ?? "", /port of a/);
  assert.match(errors["ports.c_d"] ?? "", /PORT_C_D, as c-d is/);
  assert.match(errors["env.PORT_A"] ?? "", /where ports\.a is told/);
});

test("a health check may name a port of the service's, and no other", () => {
  const health = { http: { port: "http" } };
  assert.deepEqual(errorsOf({ ports: { http: 0 }, health }), {});
  assert.deepEqual(errorsOf({ ports: { admin: 0 }, health }), {
    "health.http.port": "http is none of the service's ports",
  });
});

test("other ports take another task; a spec without any has the digest that it had before", () => {
  const of = (more: object) => taskDigest(parseSpec({ ...least, ...more }));
  assert.notEqual(of({ ports: { http: 0 } }), of({}));
  assert.notEqual(of({ ports: { http: 0 } }), of({ ports: { http: 80 } }));
  assert.equal(of({ ports: {} }), of({}));
});

const given = { http: 20_001 };
const withPorts = { ports: { http: 0 } };

function startedWith(driver: Driver): Driver {
  const handle = { pid: 1 };
  const { attempt } = driver.state.status;
  return driver.tell({ kind: "started", attempt, handle, startedAt: 1_000_000, ports: given });
}

test("what an instance was given is asked for again when it is started again", () => {
  const driver = startedWith(new Driver(desired({}, withPorts)).tell(ready));
  assert.deepEqual(driver.state.status.ports, given);
  driver.tell({ kind: "exited", attempt: 1, exit: { kind: "exited", code: 1 }, atMs: 1_000_010 });
  const start = driver.effects.find(({ kind }) => kind === "start");
  assert.ok(start?.kind === "start");
  assert.deepEqual(start.ports, given);
});

test("a task whose ports were never noted, as by a node that crashed meanwhile, is started again", () => {
  const driver = new Driver(desired({}, withPorts)).tell(ready).crash();
  const handle = { pid: 1 };
  driver.tell({
    kind: "adopted",
    found: { kind: "running", attempt: 1, handle, startedAt: 1_000_000 },
  });
  assert.deepEqual([driver.phase, driver.did], ["stopping", ["stop"]]);
  const known = startedWith(new Driver(desired({}, withPorts)).tell(ready)).crash();
  known.tell({
    kind: "adopted",
    found: { kind: "running", attempt: 1, handle, startedAt: 1_000_000 },
  });
  assert.deepEqual([known.phase, known.state.status.ports], ["running", given]);
});

test("one without ports has none in its status", () => {
  assert.equal(running().state.status.ports, undefined);
  assert.ok(isGiven({}, {}));
  assert.ok(!isGiven({ http: 0 }, {}));
});

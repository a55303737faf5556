import assert from "node:assert/strict";
import { test } from "node:test";
import { asInstanceId } from "../../../../src/core/ids.ts";
import { containerOptions } from "../../../../src/providers/docker/container-options.ts";
import { docker } from "../../../../src/providers/docker/dialect.ts";
import { dockerParams } from "../../../../src/providers/docker/params.ts";
import type { TaskContext } from "../../../../src/providers/provider.ts";

const task = { node: "ab".repeat(16), instance: asInstanceId("0123456789abcdef"), attempt: 3 };
const owner = { folder: "/home/a/.mob/6666/tasks/docker", host: "box", network: "cd".repeat(32) };

function options(params: object, more: Partial<TaskContext> = {}) {
  const context = {
    ...more,
    service: "shop/web",
    attempt: 3,
    env: { A: "1=2" },
    logs: { fileBytesMax: 1_000, filesMax: 1 },
  };
  const read = dockerParams.parse({ image: "web", ...params });
  return containerOptions(read, task, context, docker, owner);
}

test("a container is known by its service, and marked with its task and whose it is", () => {
  const { name, Labels } = options({ labels: { team: "a" } });
  assert.equal(name, "shop.web-0123456789abcdef-3-abababab");
  assert.deepEqual(Labels, {
    team: "a",
    "mob.node": task.node,
    "mob.service": "shop/web",
    "mob.instance": task.instance,
    "mob.attempt": "3",
    "mob.folder": owner.folder,
    "mob.host": owner.host,
    "mob.network": owner.network,
  });
});

test("what the spec does not say is the image's own", () => {
  const made = options({});
  for (const key of ["Cmd", "Entrypoint", "User", "WorkingDir", "Healthcheck"]) {
    assert.ok(!(key in made), key);
  }
  assert.deepEqual(options({ healthcheck: false }).Healthcheck, { Test: ["NONE"] });
});

test("a command runs with its arguments, and arguments alone are the command", () => {
  assert.deepEqual(options({ command: "sh -c", args: ["echo a"] }).Cmd, ["sh", "-c", "echo a"]);
  assert.deepEqual(options({ args: "sh -c true" }).Cmd, ["sh", "-c", "true"]);
  assert.deepEqual(options({ entrypoint: [] }).Entrypoint, []);
});

test("the engine never restarts it, and keeps a log that can be read back", () => {
  const { HostConfig } = options({});
  assert.deepEqual(HostConfig?.RestartPolicy, { Name: "no" });
  assert.deepEqual(HostConfig?.LogConfig, {
    Type: "json-file",
    Config: { "max-size": "1000", "max-file": "2" },
  });
});

test("limits, ports, folders and networks are as the engine wants them", () => {
  const params = {
    pids: 9,
    ports: ["8080:80", "127.0.0.1:8081:80", "53/udp"],
    volumes: ["/a:/b:ro"],
    networks: ["front", "back"],
  };
  const given = { limits: { memoryBytes: 67_108_864, milliCpus: 500 } };
  const { HostConfig, ExposedPorts, Env } = options(params, given);
  const limits = { Memory: 67_108_864, MemorySwap: 67_108_864, NanoCpus: 5e8, PidsLimit: 9 };
  for (const [key, limit] of Object.entries(limits)) {
    assert.equal(Object.entries(HostConfig ?? {}).find(([name]) => name === key)?.[1], limit, key);
  }
  assert.deepEqual(ExposedPorts, { "80/tcp": {}, "53/udp": {} });
  assert.deepEqual(HostConfig?.PortBindings, {
    "80/tcp": [
      { HostIp: "", HostPort: "8080" },
      { HostIp: "127.0.0.1", HostPort: "8081" },
    ],
    "53/udp": [{ HostIp: "", HostPort: "" }],
  });
  assert.deepEqual(HostConfig?.Mounts, [
    { Type: "bind", Source: "/a", Target: "/b", ReadOnly: true },
  ]);
  assert.equal(HostConfig?.NetworkMode, "front");
  assert.deepEqual(Env, ["A=1=2"]);
});

test("what is limited in one way is not limited in the other", () => {
  const { HostConfig } = options({}, { limits: { memoryBytes: 0, milliCpus: 250 } });
  assert.equal(HostConfig?.NanoCpus, 2.5e8);
  for (const key of ["Memory", "MemorySwap", "PidsLimit"]) assert.ok(!(key in (HostConfig ?? {})));
});

test("a port of the service is published where the parameters say, else as itself", () => {
  const { HostConfig } = options(
    { ports: ["127.0.0.1:http:80"] },
    {
      ports: { http: 20_001, admin: 20_002 },
    },
  );
  assert.deepEqual(HostConfig?.PortBindings, {
    "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "20001" }],
    "20002/tcp": [{ HostIp: "", HostPort: "20002" }],
  });
  assert.throws(
    () => options({ ports: ["80", "web:80"] }, { ports: { http: 1 } }),
    /params\.ports\[1\]: web is none/,
  );
});

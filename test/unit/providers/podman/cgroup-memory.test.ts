import assert from "node:assert/strict";
import { test } from "node:test";
import { groupOf } from "../../../../src/providers/podman/cgroup-memory.ts";

const id = "0a1b2c3d4e5f";

test("the group is the container's own, and not what its main process has made below it", () => {
  const path = `/machine.slice/libpod-${id}99.scope`;
  assert.equal(groupOf(`0::${path}/container/init.scope\n`, "unified", id), path);
  const first = `9:name=systemd:/x\n4:cpu,memory:/libpod_parent/libpod-${id}99\n0::/else\n`;
  assert.equal(groupOf(first, "memory", id), `/libpod_parent/libpod-${id}99`);
});

test("a process that is in no group of the container's has none", () => {
  assert.equal(groupOf("0::/user.slice\n", "unified", id), undefined);
  assert.equal(groupOf(`0::/libpod-${id}\n`, "memory", id), undefined);
  assert.equal(groupOf("", "memory", id), undefined);
});

import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { silentLog } from "../../../src/core/log.ts";
import { offersOf } from "../../../src/providers/live-providers.ts";
import { createProviders } from "../../../src/providers/registry.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const { PATH = "/usr/bin:/bin" } = process.env;

async function create(t: TestContext, wanted: readonly string[] | undefined, path = PATH) {
  const folder = await tempFolder(t);
  // The machine may have engines.
  const env = { PATH: path, DOCKER_HOST: "unix:///no/docker", CONTAINER_HOST: "unix:///no/podman" };
  const providers = await createProviders({ wanted, folder, node: "test", env, log: silentLog });
  t.after(() => providers.close());
  return { ...offersOf(providers), providers };
}

test("offers all that the machine has when nothing is asked for", async (t) => {
  const path = await tempFolder(t);
  await symlink("/bin/bash", join(path, "bash"));
  const { offered, refused, providers } = await create(t, undefined, path);
  assert.deepEqual(offered, ["bash", "exec", "lambda"]);
  for (const { capabilities } of providers.looks().slice(0, 2)) {
    assert.ok(capabilities.available);
    assert.match(capabilities.version, /^\d/);
  }
  assert.deepEqual(refused, [
    { type: "docker", reason: "Docker does not answer: there is no /no/docker" },
    { type: "glusterfs", reason: "gluster does not answer: there is no gluster" },
    { type: "kvm", reason: "qemu-system-x86_64 is in no folder of its PATH on this node" },
    { type: "podman", reason: "Podman does not answer: there is no /no/podman" },
    { type: "rkt", reason: "rkt is in no folder of its PATH on this node" },
    { type: "xen", reason: "Xen's domain 0 does not answer: there is no xl" },
  ]);
});

test("offers what was asked for once, and says why of the others", async (t) => {
  const path = await tempFolder(t);
  await symlink("/bin/bash", join(path, "bash"));
  const { offered, refused } = await create(t, ["rkt", "bash", "bash"], path);
  assert.deepEqual(offered, ["bash"]);
  assert.deepEqual(refused, [
    { type: "rkt", reason: "rkt is in no folder of its PATH on this node" },
  ]);
});

test("suggests what an unknown provider may have meant", async (t) => {
  const { refused } = await create(t, ["bahs", "nonsense"]);
  assert.deepEqual(refused, [
    { type: "bahs", reason: "no such provider, did you mean `bash`?" },
    { type: "nonsense", reason: "no such provider" },
  ]);
});

test("says why a provider is not available on the machine", async (t) => {
  const { offered, refused } = await create(t, ["bash"], "/nonexistent");
  assert.deepEqual(offered, []);
  assert.deepEqual(refused, [{ type: "bash", reason: "bash is not on the PATH of this node" }]);
});

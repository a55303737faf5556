/** Images from a registry of the test's own, which wants a login. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { silentLog } from "../../../src/core/log.ts";
import { createDocker } from "../../../src/providers/docker/docker.ts";
import { busyboxImage } from "../../support/busybox-root.ts";
import { DockerEngine, whyNoDocker } from "../../support/docker-engine.ts";
import { skipWithout } from "../../support/engine-needed.ts";
import { eventually } from "../../support/eventually.ts";
import { whyMissing } from "../../support/machine.ts";
import { exitOf, startBench } from "../provider-bench.ts";
import type { ProviderUnderTest } from "../under-test.ts";
import { underTest } from "./under-test.ts";

const skip = skipWithout(whyNoDocker() || whyMissing("docker-registry"));
let engine: DockerEngine;

before(async () => {
  if (skip !== false) return;
  engine = await DockerEngine.open();
  process.env["DOCKER_HOST"] = `unix://${engine.socketPath}`;
});
after(() => engine?.close());

const image = "127.0.0.1:5000/team/web:1";
/** `secret`, as htpasswd(1) has it. */
const passwords = "ci:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

/** Starts a registry that has `image`; gives a file with the login for it, in a folder of its own. */
async function startRegistry(t: TestContext, folder: string): Promise<string> {
  const at = (name: string) => join(folder, name);
  const auth = { htpasswd: { realm: "test", path: at("passwords") } };
  const storage = { filesystem: { rootdirectory: at("images") } };
  const configuration = { version: "0.1", storage, http: { addr: "127.0.0.1:5000" }, auth };
  await writeFile(at("passwords"), passwords);
  await writeFile(at("registry.yml"), JSON.stringify(configuration)); // JSON is YAML too.
  const registry = engine.spawnInNetwork("docker-registry", "serve", at("registry.yml"));
  t.after(() => registry.kill("SIGKILL"));
  mkdirSync(at("login"));
  const login = { auth: Buffer.from("ci:secret").toString("base64") };
  const file = at("login/config.json");
  await writeFile(file, JSON.stringify({ auths: { "127.0.0.1:5000": login } }), { mode: 0o600 });
  await engine.docker("tag", busyboxImage, image);
  await eventually(
    () =>
      engine.docker("--config", at("login"), "push", image).then(
        () => true,
        () => false,
      ),
    "a push to the registry",
  );
  await engine.docker("rmi", image);
  return file;
}

/** The provider, with these logins. */
const withLogins = (registryLogins: string | undefined): ProviderUnderTest => ({
  ...underTest,
  create: (folder) =>
    createDocker({
      folder,
      node: "0".repeat(32),
      env: { DOCKER_HOST: process.env["DOCKER_HOST"] ?? "" },
      registryLogins,
      log: silentLog,
    }),
  params: (script) => {
    const [pull, name] = script.split(" ");
    return { image: name, pull, args: "sh -c 'exit 5'" };
  },
});

test("an image is pulled with the login of its registry, when it is missing or always", {
  skip,
}, async (t) => {
  const { folder } = await startBench(t, withLogins(undefined));
  const logins = await startRegistry(t, folder);

  const stranger = await startBench(t, withLogins(undefined));
  await assert.rejects(stranger.run(`missing ${image}`), {
    code: "unavailable",
    message: /^params\.image: 127\.0\.0\.1:5000\/team\/web:1 cannot be pulled: .*no basic auth/,
  });
  const member = await startBench(t, withLogins(logins));
  assert.deepEqual(await exitOf((await member.run(`missing ${image}`)).task), {
    kind: "exited",
    code: 5,
  });
  assert.deepEqual(await exitOf((await member.run(`always ${image}`)).task), {
    kind: "exited",
    code: 5,
  });
  await assert.rejects(member.run("missing 127.0.0.1:5000/team/other"), {
    message: /team\/other cannot be pulled: .*manifest.* unknown/,
  });
  // It is here by now, so that nobody has to be asked.
  assert.deepEqual(await exitOf((await stranger.run(`missing ${image}`)).task), {
    kind: "exited",
    code: 5,
  });
  await assert.rejects(stranger.run(`always ${image}`), { message: /cannot be pulled/ });
});

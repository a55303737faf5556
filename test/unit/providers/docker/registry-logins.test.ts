import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loginFor, registryOf } from "../../../../src/providers/docker/registry-logins.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

async function logins(t: TestContext, text: string): Promise<string> {
  const file = join(await tempFolder(t), "logins.json");
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

const auth = Buffer.from("ci:pass:word").toString("base64");

test("a registry is told from the first part of a name as Docker tells it", () => {
  const hub = "https://index.docker.io/v1/";
  assert.equal(registryOf("alpine"), hub);
  assert.equal(registryOf("team/web:1"), hub);
  assert.equal(registryOf("docker.io/team/web"), hub);
  assert.equal(registryOf("registry.lan/web"), "registry.lan");
  assert.equal(registryOf("localhost/web"), "localhost");
  assert.equal(registryOf("host:5000/web:1"), "host:5000");
});

test("the login is that of the image's registry, and no other", async (t) => {
  const file = await logins(t, JSON.stringify({ auths: { "host:5000": { auth } } }));
  const login = { serveraddress: "host:5000", username: "ci", password: "pass:word" };
  assert.deepEqual(await loginFor("host:5000/web", file), login);
  assert.equal(await loginFor("alpine", file), undefined);
});

test("a file that others can read is refused", async (t) => {
  const file = await logins(t, "{}");
  await chmod(file, 0o640);
  await assert.rejects(loginFor("alpine", file), { message: /other users can read it: chmod 600/ });
});

test("what is wrong with the file is told without a word of what is in it", async (t) => {
  for (const text of [`secret ${auth}`, '{"auths": ["secret"]}']) {
    await assert.rejects(loginFor("alpine", await logins(t, text)), (error: Error) => {
      assert.match(error.message, /logins\.json: it must be like/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  }
  await assert.rejects(loginFor("alpine", "/no/such"), { message: /ENOENT/ });
});

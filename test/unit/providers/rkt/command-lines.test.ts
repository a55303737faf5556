import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asInstanceId } from "../../../../src/core/ids.ts";
import {
  fetchArgs,
  globalArgs,
  parseHash,
  parsePods,
  parseUuid,
  parseVersion,
  podName,
  prepareArgs,
  splitEnv,
} from "../../../../src/providers/rkt/command-lines.ts";
import { rktParams } from "../../../../src/providers/rkt/params.ts";

const instance = asInstanceId("0123456789abcdef");
const places = { data: "/d/rkt", config: "/d/config" };
const preparation = {
  name: podName({ instance, attempt: 2 }),
  image: `sha512-${"0".repeat(64)}`,
  stage1: "/usr/lib/rkt/stage1-images/stage1-fly.aci",
  envFile: "/d/env",
  env: [],
  volumes: [],
};

test("all that rkt writes is in the provider's folder, and http is allowed for such a URL alone", () => {
  const folders = ["--dir=/d/rkt", "--local-config=/d/config", "--system-config=/d/config"];
  assert.deepEqual(globalArgs(places), [...folders, "--insecure-options=image"]);
  assert.deepEqual(globalArgs(places, "https://a/b.aci"), globalArgs(places));
  const ofHttp = globalArgs(places, "http://a/b.aci");
  assert.deepEqual(ofHttp, [...folders, "--insecure-options=image,http"]);
});

test("an image is fetched when it is missing, or always", () => {
  const image = "https://a/b.aci";
  const missing = ["fetch", "--full", "--pull-policy=new", image];
  assert.deepEqual(fetchArgs(rktParams.parse({ image })), missing);
  const always = ["fetch", "--full", "--pull-policy=update", image];
  assert.deepEqual(fetchArgs(rktParams.parse({ image, pull: "always" })), always);
});

test("the least pod runs what its image does, and has nothing but its name", () => {
  assert.deepEqual(prepareArgs(preparation, rktParams.parse({ image: "/a.aci" })), [
    "prepare",
    "--quiet",
    "--stage1-path=/usr/lib/rkt/stage1-images/stage1-fly.aci",
    "--set-env-file=/d/env",
    preparation.image,
    "--name=mob-0123456789abcdef-2",
  ]);
});

test("what is of the pod stands before its image, what is of the app behind, and its words last", () => {
  const params = rktParams.parse({
    image: "/a.aci",
    command: "/bin/sh -c 'echo \"$1\"' --",
    args: ["--exec=/bin/false", 7],
    user: "1000:100",
    cwd: "/srv",
    volumes: ["/srv/a,readOnly=true&x:/a", "/b:/b b:ro"],
  });
  const volumes = [{ name: "data", folder: "/d/v", at: "/data" }];
  const args = prepareArgs({ ...preparation, env: ["A=b\nc"], volumes }, params);
  assert.deepEqual(args.slice(4), [
    "--set-env=A=b\nc",
    "--volume=mob-0,kind=host,source=/d/v,readOnly=false",
    "--volume=mob-1,kind=host,source=/srv/a%2CreadOnly%3Dtrue%26x,readOnly=false",
    "--volume=mob-2,kind=host,source=/b,readOnly=true",
    preparation.image,
    "--name=mob-0123456789abcdef-2",
    "--exec=/bin/sh",
    "--user=1000",
    "--group=100",
    "--working-dir=/srv",
    "--mount=volume=mob-0,target=/data",
    "--mount=volume=mob-1,target=/a",
    "--mount=volume=mob-2,target=/b%20b",
    "--",
    "-c",
    'echo "$1"',
    "--",
    "--exec=/bin/false",
    "7",
  ]);
});

test("an environment is in a file, but for what no line of one can be", () => {
  const long = "x".repeat(70_000);
  const env = { A: "", B: " # ; = 'x' ", C: "a\nb", D: "a\r", E: long };
  const { file, rest } = splitEnv(env);
  assert.equal(file, "A=\nB= # ; = 'x' \n");
  assert.deepEqual(rest, ["C=a\nb", "D=a\r", `E=${long}`]);
});

test("every variable is told once, as it is, in one way or the other", () => {
  const names = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/);
  fc.assert(
    fc.property(fc.dictionary(names, fc.string({ unit: "binary" })), (env) => {
      const { file, rest } = splitEnv(env);
      const lines = file.split("\n").filter((line) => line !== "");
      const told = [...lines, ...rest].map((one) => one.split(/=(.*)/s).slice(0, 2));
      assert.deepEqual(new Map(told as [string, string][]), new Map(Object.entries(env)));
    }),
  );
});

test("pods are known by the names of their apps, and those without one by none", () => {
  const told = [
    { name: "u1", state: "running", app_names: ["mob-0123456789abcdef-12"], networks: [] },
    { name: "u2", state: "aborted prepare" },
    { name: "u3", state: "exited", app_names: ["etcd"], started_at: 1 },
    { state: "exited" },
  ];
  assert.deepEqual(parsePods(JSON.stringify(told)), [
    { uuid: "u1", state: "running", task: { instance, attempt: 12 } },
    { uuid: "u2", state: "aborted prepare", task: undefined },
    { uuid: "u3", state: "exited", task: undefined },
  ]);
  assert.deepEqual(parsePods("null\n"), []);
  for (const other of ["", "UUID\tAPP", "{}"]) {
    assert.throws(() => parsePods(other), { code: "unavailable", message: /^rkt list tells no / });
  }
});

test("hash, UUID and version are in the last line, or in theirs; anything else is told", () => {
  const hash = `sha512-${"ab".repeat(32)}`;
  assert.equal(parseHash(`warning: signature verification has been disabled\n${hash}\n`), hash);
  assert.throws(() => parseHash("sha512-\n"), { message: "rkt fetch tells no hash: sha512-" });
  const uuid = "c9fad0e6-8236-4fc2-ad17-55d0a4c7d742";
  assert.equal(parseUuid(`${uuid}\n`), uuid);
  assert.throws(() => parseUuid(""), { code: "unavailable" });
  assert.equal(parseVersion("rkt Version: 1.30.0\nappc Version: 0.8.11\n"), "1.30.0");
  assert.equal(parseVersion("podman version 4.3.1"), undefined);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSpec } from "../../../../src/core/errors.ts";
import { dockerParams } from "../../../../src/providers/docker/params.ts";

/** `path: message` of every error. */
function complaints(input: unknown): readonly string[] {
  try {
    dockerParams.parse(input);
  } catch (error) {
    assert.ok(error instanceof InvalidSpec);
    return error.details.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const ports = (...given: unknown[]) => dockerParams.parse({ image: "a", ports: given }).ports;

test("an image alone is what it is, without limits, and pulled if it is missing", () => {
  assert.deepEqual(dockerParams.parse({ image: "alpine" }), {
    image: "alpine",
    entrypoint: undefined,
    command: undefined,
    args: undefined,
    pull: "missing",
    user: undefined,
    cwd: undefined,
    labels: {},
    networks: [],
    ports: [],
    volumes: [],
    pids: undefined,
    init: false,
    healthcheck: true,
  });
});

test("images are named as Docker names them", () => {
  const digest = `sha256:${"0a".repeat(32)}`;
  const good = [
    "a",
    "a/b",
    "host:5000/a/b:1.2_x",
    "ghcr.io/a-b/c__d",
    `a@${digest}`,
    `h.x/a:1@${digest}`,
  ];
  for (const image of good) assert.deepEqual(complaints({ image }), [], image);
  const bad = [
    "",
    "A",
    "a:",
    "a b",
    "-a",
    "a//b",
    "a@sha256:0a",
    "a/",
    "a\0",
    `${"a".repeat(513)}`,
  ];
  for (const image of bad) {
    const message = "must be the name of an image, like alpine:3.20 or registry.lan:5000/web";
    assert.deepEqual(complaints({ image }), [`params.image: ${message}`], image);
  }
});

test("ports are the container's, published at one of the host's or at any", () => {
  assert.deepEqual(ports(80, "8080:80", "53:53/udp", "127.0.0.1:81:82", "[::1]::83"), [
    { address: "", host: "", inside: 80, protocol: "tcp" },
    { address: "", host: "8080", inside: 80, protocol: "tcp" },
    { address: "", host: "53", inside: 53, protocol: "udp" },
    { address: "127.0.0.1", host: "81", inside: 82, protocol: "tcp" },
    { address: "::1", host: "", inside: 83, protocol: "tcp" },
  ]);
});

test("volumes are folders of the host's, at a place of the container's", () => {
  const volumes = ["/srv/a:/a", "/b:/b:ro", "/c:/c:rw"];
  assert.deepEqual(dockerParams.parse({ image: "a", volumes }).volumes, [
    { from: "/srv/a", at: "/a", readOnly: false },
    { from: "/b", at: "/b", readOnly: true },
    { from: "/c", at: "/c", readOnly: false },
  ]);
  assert.deepEqual(complaints({ image: "a", volumes: ["data:/data"] }), [
    "params.volumes[0]: must be two absolute paths, like /srv/data:/data or /etc/web:/etc/web:ro",
  ]);
});

test("labels of Mob's own cannot be given", () => {
  assert.deepEqual(complaints({ image: "a", labels: { "mob.node": "x" } }), [
    'params.labels["mob.node"]: is not a possible name: one matches ^(?!mob\\.)[A-Za-z0-9][\\w./-]{0,255}$',
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { rktParams } from "../../../../src/providers/rkt/params.ts";

/** The messages of what is wrong, by path below `params`. */
function wrongOf(params: object): Readonly<Record<string, string>> {
  try {
    rktParams.parse({ image: "/a.aci", ...params });
    return {};
  } catch (error) {
    assert.ok(error instanceof Error && "details" in error && Array.isArray(error.details));
    return Object.fromEntries(error.details.map(({ path, message }) => [path, message]));
  }
}

test("defaults are filled in", () => {
  assert.deepEqual(rktParams.parse({ image: "https://a/b.aci" }), {
    image: "https://a/b.aci",
    pull: "missing",
    command: undefined,
    args: [],
    user: undefined,
    cwd: undefined,
    network: "host",
    volumes: [],
  });
});

test("a user is a number, as fly looks up no names", () => {
  assert.deepEqual(rktParams.parse({ image: "/a", user: 7 }).user, { uid: "7", gid: undefined });
  assert.deepEqual(rktParams.parse({ image: "/a", user: "7:0" }).user, { uid: "7", gid: "0" });
  for (const user of ["nobody", -1, 1.5, "7:", "7:users", "", "4294967295", "0:4294967295"]) {
    assert.match(wrongOf({ user })["params.user"] ?? "", /^must be a uid/);
  }
});

test("what runs is named by an absolute path, as fly looks on no PATH", () => {
  assert.match(wrongOf({ command: "sh -c ls" })["params.command"] ?? "", /absolute path/);
  assert.match(wrongOf({ command: [] })["params.command"] ?? "", /absolute path/);
  assert.match(wrongOf({ command: ["/a", "---"] })["params.command"] ?? "", /---/);
  assert.deepEqual(wrongOf({ command: "/bin/sh -c ls", args: ["--", "----"] }), {});
});

test("no folder is in another, as fly mounts them in no order", () => {
  const told = (volumes: string[]) => wrongOf({ volumes })["params.volumes"];
  assert.match(told(["/a:/srv/", "/b:/srv/b"]) ?? "", /\/srv\/b is in \/srv,/);
  assert.match(told(["/a:/srv", "/b:/srv"]) ?? "", /\/srv is in \/srv,/);
  assert.equal(told(["/a:/srv", "/a:/srv2", "/b:/data/srv"]), undefined);
});

import assert from "node:assert/strict";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { makeLinks, removeLinks } from "../../../src/keeper/volume-links.ts";
import { tempFolder } from "../../support/temp-folder.ts";

async function places(t: TestContext) {
  const root = await tempFolder(t);
  const own = join(root, "instance");
  const [data, other] = [join(root, "data"), join(root, "other")];
  for (const folder of [own, data, other]) mkdirSync(folder);
  const at = (name: string) => join(root, name);
  return { own, data, other, at };
}

test("the links of an instance lead to its volumes, until it has others or is gone", async (t) => {
  const { own, data, other, at } = await places(t);
  makeLinks(own, [
    { at: at("one"), folder: data },
    { at: at("two"), folder: other },
  ]);
  assert.deepEqual(
    [at("one"), at("two")].map((path) => readlinkSync(path)),
    [data, other],
  );
  makeLinks(own, [{ at: at("three"), folder: data }]);
  assert.throws(() => lstatSync(at("one")));
  assert.throws(() => lstatSync(at("two")));
  assert.equal(readlinkSync(at("three")), data);
  removeLinks(own);
  assert.throws(() => lstatSync(at("three")));
  assert.deepEqual(readdirSync(own), []);
  removeLinks(own);
});

test("what somebody else has at a place is told, and left there", async (t) => {
  const { own, data, other, at } = await places(t);
  writeFileSync(at("file"), "mine");
  symlinkSync(other, at("link"));
  for (const name of ["file", "link"]) {
    const links = [
      { at: at("first"), folder: data },
      { at: at(name), folder: data },
    ];
    assert.throws(() => makeLinks(own, links), {
      code: "unavailable",
      message: `a volume cannot be had at ${at(name)}: there is something else at that place of this node's machine`,
    });
    removeLinks(own);
    assert.throws(() => lstatSync(at("first")));
    assert.ok(lstatSync(at(name)));
  }
  assert.throws(() => makeLinks(own, [{ at: at("no/such"), folder: data }]), {
    message: new RegExp(`there is no folder ${at("no")} on this node's machine$`),
  });
});

test("a link that somebody has replaced meanwhile is not removed", async (t) => {
  const { own, data, other, at } = await places(t);
  makeLinks(own, [{ at: at("one"), folder: data }]);
  symlinkSync(other, at("new"));
  renameSync(at("new"), at("one"));
  removeLinks(own);
  assert.equal(readlinkSync(at("one")), other);
});

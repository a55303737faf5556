import assert from "node:assert/strict";
import { test } from "node:test";
import { completeNames } from "../../../src/shell/completion.ts";
import { aNode, anInstance, aTree } from "../../support/memory-commands.ts";

const other = { ...anInstance, name: "shop/db", group: "shop" };
const far = { ...aTree, name: "mob", children: [{ ...aTree, name: "far", children: [] }] };
const client = {
  services: async () => [anInstance, other],
  nodes: async () => [aNode, { ...aNode, name: "7777@box" }],
  actors: async (node?: string) => (node === undefined ? aTree : far),
};
const complete = (line: string) => completeNames({ client, nodes: () => [undefined] }, line);

test("names of services and groups are completed inside quotes, in calls of mob alone", async () => {
  assert.deepEqual(await complete('mob.stop("s'), [["shop", "shop/db"], "s"]);
  assert.deepEqual(await complete("await mob.logs('"), [["shop", "shop/db", "web"], ""]);
  assert.equal(await complete("mob.no"), undefined);
  assert.equal(await complete('print("s'), undefined);
  assert.equal(await complete('mob.stop("web").then("s'), undefined);
});

for (const call of ["actor", "trace", "untrace", "suspend", "resumeActor", "restartActor"]) {
  test(`mob.${call} completes names of actors and services, and of nodes after them`, async () => {
    assert.deepEqual(await complete(`mob.${call}("lis`), [["listener"], "lis"]);
    assert.deepEqual(await complete(`await mob.${call}( '`), [
      ["listener", "service/shop/db", "service/web"],
      "",
    ]);
    assert.deepEqual(await complete(`mob.${call}("listener", "77`), [["7777@box"], "77"]);
    assert.deepEqual(await complete(`mob.${call}("listener", { node: "6`), [["6666@box"], "6"]);
  });
}

test("places in the tree are completed once one has begun with one", async () => {
  const [paths] = (await complete('mob.actor("mob/p')) ?? [];
  assert.deepEqual(paths, ["mob/peer", "mob/peer/listener"]);
});

test("mob.tree completes names of nodes", async () => {
  assert.deepEqual(await complete('mob.tree("'), [["6666@box", "7777@box"], ""]);
});

test("actors of a node that was looked at are offered too, and one that is lost does no harm", async () => {
  const nodes = () => [undefined, "7777@box"];
  assert.deepEqual(await completeNames({ client, nodes }, 'mob.actor("fa'), [["far"], "fa"]);
  const actors = async (node?: string) => {
    if (node === undefined) return aTree;
    throw new Error("it is gone");
  };
  const lost = { client: { ...client, actors }, nodes };
  assert.deepEqual(await completeNames(lost, 'mob.actor("li'), [["listener"], "li"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { asInstanceId } from "../../../../src/core/ids.ts";
import {
  ownershipIn,
  ownershipWords,
  volumeName,
} from "../../../../src/providers/glusterfs/ownership.ts";

const [one, other] = ["a1".repeat(32), "b2".repeat(32)];

test("a volume's name is its service's in its network, and no other's", () => {
  assert.equal(volumeName(one, "shop/data"), "mob-a1a1a1a1a1a1-shop_data");
  const names = [one, other].flatMap((network) =>
    ["shop/data", "shop-data", "shop/da/ta"].map((service) => volumeName(network, service)),
  );
  assert.equal(new Set(names).size, 6);
  for (const name of names) assert.match(name, /^[a-z0-9_-]+$/);
});

test("what is noted in a volume is read again, and of half of it nothing", () => {
  const owner = {
    network: one,
    node: "n",
    service: "shop/data",
    instance: asInstanceId("0".repeat(16)),
    attempt: 3,
    folder: "/var/lib/mob/a b",
    host: "box",
    since: 1_700_000_000_000,
  };
  const words = ownershipWords(owner);
  const options = new Map<string, string>();
  for (let i = 0; i < words.length; i += 2) options.set(words[i] ?? "", words[i + 1] ?? "");
  options.set("cluster.quorum-type", "auto");
  assert.deepEqual(ownershipIn(options), owner);
  options.delete("user.mob.attempt");
  assert.equal(ownershipIn(options), undefined);
  assert.equal(ownershipIn(new Map()), undefined);
});

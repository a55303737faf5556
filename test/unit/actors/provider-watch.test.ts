import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalog } from "../../../src/actors/catalog.ts";
import { doubtMsLeast } from "../../../src/actors/provider-looks.ts";
import { providerWatch } from "../../../src/actors/provider-watch.ts";
import { asNodeId } from "../../../src/core/ids.ts";
import { createSystem } from "../../../src/otp/system.ts";
import { worker } from "../../../src/otp/worker.ts";
import type { ProviderLook, ProviderTable } from "../../../src/providers/provider-table.ts";
import { ManualEnv } from "../../support/manual-env.ts";

const there: ProviderLook = {
  ...{ asked: "docker", type: "docker" },
  capabilities: { available: true, version: "1", features: [] },
};

test("a provider that has lost touch with its engine is looked at at once, and however often it does, no more than each 2 s", async () => {
  const env = new ManualEnv();
  const node = asNodeId("box");
  const system = createSystem({ node, boot: 1, env });
  const watchers = new Set<(type: string) => void>();
  let looks = 0;
  const providers: Pick<ProviderTable, "look" | "looks" | "watch"> = {
    looks: () => [there],
    async look() {
      looks++;
      return there;
    },
    watch(doubted) {
      watchers.add(doubted);
      return () => watchers.delete(doubted);
    },
  };
  const behaviour = () => providerWatch({ node, catalog: new Catalog(node, env.log), providers });
  await system.start(worker({ name: "watched", behaviour }), { id: "watched" });
  await env.advance(doubtMsLeast);
  assert.equal(looks, 0);
  const flap = () => {
    for (const doubted of watchers) doubted("docker");
  };
  flap();
  await env.advance(1);
  assert.equal(looks, 1);
  for (let ms = 0; ms < 10_000; ms += 50) {
    flap();
    await env.advance(50);
  }
  assert.equal(looks, 1 + 10_000 / doubtMsLeast);
  await system.shutdown();
  assert.equal(watchers.size, 0);
});

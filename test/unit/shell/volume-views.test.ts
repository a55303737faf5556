import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRemovedVolume, formatVolumes } from "../../../src/shell/volume-views.ts";
import { aVolume } from "../../support/memory-commands.ts";

const plain = (_colour: string, text: string) => text;

test("volumes are shown with where they live and what uses them", () => {
  const lines = formatVolumes([aVolume, { ...aVolume, name: "old", service: null }], plain);
  assert.deepEqual(
    lines
      .trimEnd()
      .split("\n")
      .map((line) => line.trim().split(/ +/)),
    [
      ["NAME", "KIND", "NODE", "SERVICE"],
      ["data", "local", "6666@box", "web"],
      ["old", "local", "6666@box", "-"],
    ],
  );
});

test("a volume whose node was forgotten is not said to be deleted", () => {
  const removed = { name: "data", node: "6666@box", class: "available" } as const;
  const told = (deleted: boolean) =>
    formatRemovedVolume({ ...removed, deleted, acks: [], replicas: 1, partitioned: false });
  assert.equal(told(true), "volume data was deleted with its data on 6666@box\n");
  assert.match(told(false), /^volume data was forgotten; .* stays on 6666@box/);
});

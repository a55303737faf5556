import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidSpec } from "../../../../src/core/errors.ts";
import { glusterfsParams } from "../../../../src/providers/glusterfs/params.ts";
import { underTest } from "../../../conformance/glusterfs-under-test.ts";

test("a volume is its bricks, and what else is asked for", () => {
  const bricks = ["box1.lan:/srv/bricks", "10.0.0.2:/srv/a_b/..c", "box-3:/b"];
  const least = { bricks, replica: undefined, options: {}, force: false };
  assert.deepEqual(glusterfsParams.parse({ bricks }), least);
  const options = { "auth.allow": "10.0.0.*", "nfs.disable": true, "network.ping-timeout": 5 };
  const read = glusterfsParams.parse({ bricks, replica: 3, options, force: true });
  assert.equal(read.replica, 3);
  assert.deepEqual(read.options, {
    "auth.allow": "10.0.0.*",
    "nfs.disable": "true",
    "network.ping-timeout": "5",
  });
});

test("every error of a volume is told with its path", () => {
  for (const { input, paths } of underTest.badParams) {
    assert.throws(
      () => glusterfsParams.parse(input),
      (error) => {
        assert.ok(error instanceof InvalidSpec);
        assert.deepEqual(
          error.details.map(({ path }) => path),
          paths,
        );
        return true;
      },
    );
  }
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ProcessScan } from "../../../src/keeper/process-scan.ts";
import { ProcessTree } from "../../../src/keeper/process-tree.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** Above what any kernel gives. */
const noPid = 2 ** 22 + 1;

test("a tree that was killed gets no cgroup any more, however late it is moved", async (t) => {
  const cgroup = join(await tempFolder(t), "keeper", "task.1");
  const scan = new ProcessScan();
  const tree = new ProcessTree({
    mark: "none/task.1",
    cgroup,
    limitGroups: [],
    shimPid: () => undefined,
    scan,
  });
  await tree.kill();
  await tree.move(noPid);
  assert.equal(existsSync(cgroup), false);
});

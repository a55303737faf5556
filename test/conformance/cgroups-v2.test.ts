/**
 * Limits under a kernel whose controllers are in cgroups of version 2 alone, as on a machine with systemd: in the
 * group that a login has for itself, in which the node is no less than the shell that started it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { root } from "../../scripts/root.ts";
import { whyNoGuest } from "../support/guest.ts";
import { guestScratch, runInGuest } from "../support/guest-host.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Prints one line for each test that held; a skipped one is none. */
const script = `
export PATH=${process.env["PATH"]} HOME=${guestScratch} TMPDIR=${guestScratch}
session=/sys/fs/cgroup/user.slice/session-1.scope
mkdir -p $session
echo $$ >$session/cgroup.procs
cd ${root}
run() {
  ${process.execPath} --import tsx --test-reporter=tap "$@" >${guestScratch}/told 2>&1 || { cat ${guestScratch}/told; exit 1; }
  grep '^ *ok ' ${guestScratch}/told | grep -v '# SKIP'
}
run test/unit/keeper/task-limits.test.ts
run test/conformance/exec-limits-in-guest.ts
`;
/** Of what is to hold there. */
const held = [
  /groups that limit it/,
  /another life of its keeper/,
  /takes more memory than its limit/,
  /while no one looked/,
  /no more CPU time/,
];

test("limits hold in cgroups of version 2, from within a group that holds processes", {
  skip: whyNoGuest(),
}, async (t) => {
  const told = await runInGuest(await tempFolder(t), script);
  for (const what of held) assert.match(told, what);
});

/** The conformance suite, run for exec: as whom the node runs, and as another user. */
import { test } from "node:test";
import { underTest as asUser } from "./exec-as-user-under-test.ts";
import { underTest } from "./exec-under-test.ts";
import { describeProvider } from "./provider-suite.ts";

describeProvider(underTest);
if (process.getuid?.() === 0) describeProvider(asUser);
else test(asUser.name, { skip: "only root can run tasks as another user" }, () => {});

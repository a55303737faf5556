/** The conformance suite, run for podman on a real engine. */
import { after, test } from "node:test";
import { skipWithout } from "../../support/engine-needed.ts";
import { PodmanEngine, whyNoPodman } from "../../support/podman-engine.ts";
import { describeProvider } from "../provider-suite.ts";
import { underTest } from "./under-test.ts";

const why = skipWithout(whyNoPodman());
if (why !== false) test("podman", { skip: why }, () => {});
else {
  const engine = await PodmanEngine.open();
  after(() => engine.close());
  process.env["CONTAINER_HOST"] = `unix://${engine.socketPath}`;
  describeProvider(underTest);
}

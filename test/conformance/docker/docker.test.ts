/** The conformance suite, run for docker on a real engine. */
import { after, test } from "node:test";
import { DockerEngine, whyNoDocker } from "../../support/docker-engine.ts";
import { skipWithout } from "../../support/engine-needed.ts";
import { describeProvider } from "../provider-suite.ts";
import { underTest } from "./under-test.ts";

const why = skipWithout(whyNoDocker());
if (why !== false) test("docker", { skip: why }, () => {});
else {
  const engine = await DockerEngine.open();
  after(() => engine.close());
  await engine.importChecked();
  process.env["DOCKER_HOST"] = `unix://${engine.socketPath}`;
  describeProvider(underTest);
}

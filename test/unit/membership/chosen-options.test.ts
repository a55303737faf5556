import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequest } from "../../../src/core/errors.ts";
import { parseMembershipOptions } from "../../../src/membership/chosen-options.ts";
import { presets } from "../../../src/membership/options.ts";

test("each preset is chosen by its name", () => {
  for (const [name, options] of Object.entries(presets)) {
    assert.deepEqual(parseMembershipOptions(name), options);
  }
});

test("every option can differ from its preset", () => {
  for (const option of Object.keys(presets.wan)) {
    const value = option === "probeTimeoutMs" ? 7 : 70_000;
    const chosen = parseMembershipOptions(`wan, ${option}=${value}`);
    assert.deepEqual(chosen, { ...presets.wan, [option]: value });
  }
});

test("what is wrong is named, with what there is", () => {
  const wrong: readonly [string, RegExp][] = [
    ["", /"" is no preset; there are: lan, wan, local/],
    ["moon", /"moon" is no preset/],
    ["lan,probeMs", /"probeMs" should look like probeMs=300/],
    ["lan,", /"" should look like/],
    ["lan,probems=3", /no option "probems"; there are: probeMs, /],
    ["lan,toString=3", /no option "toString"/],
    ["lan,probeMs=-1", /probeMs="-1" should be a whole number from 1 to/],
    ["lan,probeMs=0", /probeMs="0"/],
    ["lan,probeMs=1e3", /probeMs="1e3"/],
    ["lan,gatherMs=1000000001", /gatherMs="1000000001" should be a whole number from 0 to/],
    ["lan,probeMs=200", /probeTimeoutMs \(200\) must be below probeMs \(200\)/],
  ];
  for (const [text, message] of wrong) {
    const isNamed = (error: unknown) => error instanceof BadRequest && message.test(error.message);
    assert.throws(() => parseMembershipOptions(text), isNamed, text);
  }
});

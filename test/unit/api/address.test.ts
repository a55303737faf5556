import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../../src/api/address.ts";

test("reads names, IPv4 and IPv6 in brackets", () => {
  assert.deepEqual(parseAddress("127.0.0.1:6666"), { host: "127.0.0.1", port: 6666 });
  assert.deepEqual(parseAddress("box.local:1"), { host: "box.local", port: 1 });
  assert.deepEqual(parseAddress("[::1]:65535"), { host: "::1", port: 65_535 });
});

test("refuses what has no host, no port or an impossible one", () => {
  const wrong = ["", "box", "6666", ":6666", "box:", "box:0", "box:65536", "box:1x", "::1:6666"];
  for (const text of [...wrong, "http://box:1", "u@box:1", "a b:1"]) {
    assert.throws(() => parseAddress(text), { code: "bad_request" }, text);
  }
});

test("reads back what it formats", () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().filter((ip) => !ip.includes("%")),
  );
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
      assert.deepEqual(parseAddress(formatAddress({ host, port })), { host, port });
    }),
  );
});

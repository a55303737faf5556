import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../../src/core/address.ts";
import { BadRequest } from "../../../src/core/errors.ts";

test("names, IPv4 and IPv6 addresses are parsed", () => {
  assert.deepEqual(parseAddress("127.0.0.1:6666"), { host: "127.0.0.1", port: 6666 });
  assert.deepEqual(parseAddress("node-1.lab:0"), { host: "node-1.lab", port: 0 });
  assert.deepEqual(parseAddress("[::1]:7"), { host: "::1", port: 7 });
  assert.deepEqual(parseAddress("[fe80::1%eth0]:65535"), { host: "fe80::1%eth0", port: 65_535 });
});

test("what is no address is refused by name", () => {
  const wrong = ["", "localhost", ":1", "a:", "a:b", "a:65536", "::1:7", "[::1]", "a b:1", "a:-1"];
  for (const text of [...wrong, "[x]:1", "a:1\n", "http://a:1", "a:000001"]) {
    assert.throws(
      () => parseAddress(text),
      (error) => error instanceof BadRequest && error.message.includes(text),
    );
  }
});

test("what is formatted is parsed back", () => {
  const host = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.domain().filter((name) => name.length <= 253),
  );
  fc.assert(
    fc.property(host, fc.nat(65_535), (name, port) => {
      assert.deepEqual(parseAddress(formatAddress({ host: name, port })), { host: name, port });
    }),
  );
});

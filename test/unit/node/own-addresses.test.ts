import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequest } from "../../../src/core/errors.ts";
import { type Interfaces, ownAddresses } from "../../../src/node/own-addresses.ts";

const at = (address: string, internal = false): Interfaces[string] => [
  {
    address,
    internal,
    family: address.includes(":") ? "IPv6" : "IPv4",
    netmask: "",
    mac: "",
    cidr: null,
    scopeid: 0,
  } as const,
];
const lo = { lo: at("127.0.0.1", true), lo6: at("::1", true), link: at("fe80::1") };
const one = { ...lo, eth0: at("192.168.1.5") };
const told = (options: { bind?: string; advertise?: string }, interfaces: Interfaces = one) => {
  const { listen, advertised } = ownAddresses({ port: 6666, ...options }, interfaces);
  return [listen, advertised];
};

test("a node is on 127.0.0.1 alone unless told", () => {
  assert.deepEqual(told({}), ["127.0.0.1:6666", "127.0.0.1:6666"]);
});

test("an address that is bound is advertised, and another may be", () => {
  assert.deepEqual(told({ bind: "192.168.1.5" }), ["192.168.1.5:6666", "192.168.1.5:6666"]);
  assert.deepEqual(told({ bind: "fd00::5" }), ["[fd00::5]:6666", "[fd00::5]:6666"]);
  const [listen, advertised] = told({ bind: "0.0.0.0", advertise: "box.lan" });
  assert.deepEqual([listen, advertised], ["0.0.0.0:6666", "box.lan:6666"]);
});

test("bound to all addresses, the only one that others can reach is advertised", () => {
  assert.deepEqual(told({ bind: "0.0.0.0" }), ["0.0.0.0:6666", "192.168.1.5:6666"]);
  assert.deepEqual(told({ bind: "::" }), ["[::]:6666", "192.168.1.5:6666"]);
  const six = { ...lo, eth0: at("2001:db8::5") };
  assert.deepEqual(told({ bind: "::" }, six), ["[::]:6666", "[2001:db8::5]:6666"]);
});

test("with several or none the user is asked, by name of the option; all of them is no address", () => {
  const two = { ...one, eth1: at("10.0.0.5") };
  for (const [options, interfaces, what] of [
    [{ bind: "0.0.0.0" }, two, /192\.168\.1\.5, 10\.0\.0\.5.*--advertise/],
    [{ bind: "0.0.0.0" }, lo, /none.*--advertise/],
    [{ bind: "::0" }, lo, /none.*--advertise/],
    [{ advertise: "0.0.0.0" }, one, /--advertise 0\.0\.0\.0/],
  ] as const) {
    assert.throws(
      () => told(options, interfaces),
      (error) => error instanceof BadRequest && what.test(error.message),
    );
  }
});

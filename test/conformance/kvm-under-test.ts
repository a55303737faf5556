/**
 * The kvm provider, as the conformance suite wants it: each script runs in a machine of its own. The test
 * has made the file system that they boot, and names it in the environment, which owners inherit.
 */
import { silentLog } from "../../src/core/log.ts";
import { createKvm } from "../../src/providers/kvm/kvm.ts";
import { guestAppend, guestArgs, guestKernel } from "../support/guest.ts";
import { impersonateShim } from "./impersonate-shim.ts";
import { cacheCase } from "./stats-cases.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const { PATH = "/usr/bin:/bin", HOME = "/" } = process.env;

const ownAffair = "what runs in a machine is its own affair, and ends with it";

export const underTest: ProviderUnderTest = {
  name: "kvm",
  module: import.meta.url,
  create: (folder) =>
    createKvm({ folder, node: "conformance", env: { PATH, HOME }, log: silentLog }),
  params: (script, folder) => ({
    kernel: guestKernel,
    initrd: process.env["MOB_TEST_INITRAMFS"],
    append: guestAppend,
    memory: "128MiB",
    args: guestArgs(script, folder),
  }),
  badParams: [
    { input: undefined, paths: ["params"] },
    { input: {}, paths: ["params.kernel"] },
    { input: { disk: "image.qcow2" }, paths: ["params.disk"] },
    {
      input: { disk: "/a", kernel: "", append: "a\nb" },
      paths: ["params.kernel", "params.append"],
    },
    {
      input: { disk: "/a", initrd: "/b", append: "c" },
      paths: ["params.initrd", "params.append"],
    },
    { input: { kernel: "/a", keep: true }, paths: ["params.keep"] },
    { input: { kernel: "/a", tap: "tap0", ports: ["80:80"] }, paths: ["params.ports"] },
    {
      input: {
        disk: "/a",
        keep: "yes",
        memory: "1KB",
        cpus: 0,
        ports: [80, "80:80/sctp", "[::1]:80:80", "http:0"],
        tap: "a,b",
        accel: "hvf",
        args: "-s",
        image: "x",
      },
      paths: [
        "params.keep",
        "params.memory",
        "params.cpus",
        "params.ports[0]",
        "params.ports[1]",
        "params.ports[2]",
        "params.ports[3]",
        "params.tap",
        "params.accel",
        "params.args",
        "params.image",
      ],
    },
  ],
  processesPerTask: 2, // The shim, and QEMU.
  // A machine is switched off once its grace is over.
  exitOfKilled: { kind: "exited", code: 0 },
  crashes: { rounds: 4, tasks: 2, everyMs: 30 },
  skips: {
    "gives children their grace although their parent is gone at once":
      "its first process ends a machine, and everything in it",
    "stops with the signal asked for": "a machine has one power button, and no signals",
    "leaves nothing running of a task whose main process ended": ownAffair,
    [cacheCase]: "what a machine keeps of files is in its own memory",
    "survives a task that signals its process group": ownAffair,
  },
  impersonate: impersonateShim,
};

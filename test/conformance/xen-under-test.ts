/**
 * The xen provider, as the conformance suite wants it: each script runs in a domain of its own. The test has
 * started a host, and names the way to it in the environment, which owners inherit.
 */
import { silentLog } from "../../src/core/log.ts";
import { createXen } from "../../src/providers/xen/xen.ts";
import { domainKernel } from "../support/xen-host.ts";
import { impersonateShim } from "./impersonate-shim.ts";
import { burnCase, cacheCase, memoryCase } from "./stats-cases.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const { PATH = "/usr/bin:/bin", HOME = "/" } = process.env;

/** A start on an emulated host takes half a minute. */
const pausedAnyway =
  "whoever takes a paused domain over has it go on and pauses it again, and a stop wakes it: no start more";
const noCode = "a domain has no exit codes";
const notShared = "a domain shares no folder with its host: see what domains alone have";
const ownAffair = "what runs in a domain is its own affair, and ends with it";

export const underTest: ProviderUnderTest = {
  name: "xen",
  module: import.meta.url,
  create(folder) {
    const { MOB_XEN_SHELL = "" } = process.env;
    const env = { PATH, HOME, MOB_XEN_SHELL };
    return createXen({ folder, node: "conformance", env, log: silentLog });
  },
  params: (script) => ({
    ...domainKernel,
    memory: "96MiB",
    append: `console=hvc0 loglevel=0 script=${Buffer.from(script).toString("base64")}`,
  }),
  badParams: [
    { input: undefined, paths: ["params"] },
    { input: {}, paths: ["params.kernel"] },
    {
      input: {
        type: "hvm",
        kernel: "vmlinuz",
        initrd: "/a\nb",
        append: "ä",
        memory: 0,
        cpus: 0.5,
        disks: "a",
        networks: [7],
        image: "x",
      },
      paths: [
        "params.type",
        "params.kernel",
        "params.initrd",
        "params.append",
        "params.memory",
        "params.cpus",
        "params.disks",
        "params.networks[0]",
        "params.image",
      ],
    },
  ],
  processesPerTask: 0,
  skips: {
    "has a task stand still, and go on as it was, and tells each change": pausedAnyway,
    "removes what is paused": pausedAnyway,
    [burnCase]:
      "a domain that burns an emulated processor leaves domain 0 too little of it to answer",
    "runs a task with its environment, and tells its exit code": noCode,
    "lets a task end by itself within the grace of a stop": noCode,
    "gives children their grace although their parent is gone at once": ownAffair,
    "stops with the signal asked for": "a domain is asked to end in one way, and has no signals",
    "leaves nothing running of a task whose main process ended": ownAffair,
    [memoryCase]: "a domain has its memory from its start, whatever it takes of it",
    [cacheCase]: notShared,
    "survives a task that signals its process group": ownAffair,
    "tells a follower that there is more": notShared,
    "starts a task once, however often it is asked to": notShared,
    "adopts a running task after its owner was killed": notShared,
    "knows the exit of a task that ended while its owner was dead": notShared,
    "leaks nothing when its owner is killed at any moment of a start":
      "processes tell nothing of domains: see what domains alone have",
  },
  impersonate: impersonateShim,
};

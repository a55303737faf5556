/**
 * The glusterfs provider, as the conformance suite wants it: each task is the volume of a service of its own. The
 * test has started a pool, and names the way to it and a folder for bricks in the environment, which owners inherit.
 */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { silentLog } from "../../src/core/log.ts";
import { createGlusterfs } from "../../src/providers/glusterfs/glusterfs.ts";
import type { GlusterfsParams } from "../../src/providers/glusterfs/params.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { poolHost } from "../support/gluster-pool.ts";
import { impersonateShim } from "./impersonate-shim.ts";
import type { ProviderUnderTest } from "./under-test.ts";

const { PATH = "/usr/bin:/bin", HOME = "/" } = process.env;

const noScript = "a volume runs no script: see what volumes alone have";
const noSignals = "a volume has no signals, and is stopped in one way";

/** Of a node that owns `folder`, and of a network of its own. */
export function openGlusterfs(folder: string): Provider<GlusterfsParams> {
  const { MOB_GLUSTER = "" } = process.env;
  mkdirSync(folder, { recursive: true });
  const node = createHash("sha256").update(folder).digest("hex").slice(0, 32);
  const env = { PATH, HOME, MOB_GLUSTER };
  return createGlusterfs({ folder, node, network: node, env, log: silentLog });
}

/** Parameters of a volume of so many bricks, all on the pool's one host. */
export function volumeOf(bricks: number, more: object = {}): object {
  const { MOB_TEST_BRICKS = "" } = process.env;
  const folders = Array.from({ length: bricks }, (_, i) => `${MOB_TEST_BRICKS}/${i}`);
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  return { bricks: folders.map((folder) => `${poolHost}:${folder}`), force: true, ...more };
}

export const underTest: ProviderUnderTest = {
  name: "glusterfs",
  module: import.meta.url,
  create(folder) {
    const provider = openGlusterfs(folder);
    const each: Provider<GlusterfsParams> = {
      ...provider,
      start: (instance, params, context) =>
        provider.start(instance, params, {
          ...context,
          service: `${context.service}-${instance}`,
        }),
    };
    return each;
  },
  params: () => volumeOf(1),
  badParams: [
    { input: undefined, paths: ["params"] },
    { input: {}, paths: ["params.bricks"] },
    { input: { bricks: [] }, paths: ["params.bricks"] },
    { input: { bricks: ["a:/b", "a:/c", "a:/d"], replica: 2 }, paths: ["params.bricks"] },
    {
      input: {
        bricks: ["/srv", "box:srv", "box:/a/../b", "box:/ok", "box:/ok", "b x:/a", "-b:/a", 7],
        replica: 1,
        options: { nodot: 1, "user.mob.node": "x", "auth.allow": "" },
        force: "yes",
        transport: "rdma",
      },
      paths: [
        "params.bricks[0]",
        "params.bricks[1]",
        "params.bricks[2]",
        "params.bricks[5]",
        "params.bricks[6]",
        "params.bricks[7]",
        "params.bricks[4]",
        "params.replica",
        "params.options.nodot",
        'params.options["user.mob.node"]',
        'params.options["auth.allow"]',
        "params.force",
        "params.transport",
      ],
    },
  ],
  processesPerTask: 0,
  skips: {
    "runs a task with its environment, and tells its exit code": noScript,
    "lets a task end by itself within the grace of a stop": noSignals,
    "gives children their grace although their parent is gone at once": noSignals,
    "stops with the signal asked for": noSignals,
    "kills the whole tree after the grace, a grandchild in its own session too": noScript,
    "leaves nothing running of a task whose main process ended": noScript,
    "survives a task that signals its process group": noScript,
    "keeps every line of output, in order, over several starts": noScript,
    "tells a follower that there is more": noScript,
    "starts a task once, however often it is asked to": noScript,
    "adopts a running task after its owner was killed": noScript,
    "knows the exit of a task that ended while its owner was dead": noScript,
    "leaks nothing when its owner is killed at any moment of a start":
      "processes tell nothing of volumes: see what volumes alone have",
    "forgets an attempt that has ended, and keeps its output": noScript,
    "leaves nothing of what it removes": noScript,
  },
  impersonate: impersonateShim,
};

/**
 * The rkt provider, as the conformance suite wants it. The test names rkt and an image in the environment, which owners
 * inherit.
 */
import { silentLog } from "../../src/core/log.ts";
import { createRkt } from "../../src/providers/rkt/rkt.ts";
import { imageVariable, rktVariable } from "../support/rkt-host.ts";
import { impersonateShim } from "./impersonate-shim.ts";
import type { ProviderUnderTest } from "./under-test.ts";

export const underTest: ProviderUnderTest = {
  name: "rkt",
  module: import.meta.url,
  create(folder) {
    const { PATH = "/usr/bin:/bin", HOME = "/", [rktVariable]: rkt = "" } = process.env;
    const env = { PATH: `${rkt}/bin:${PATH}`, HOME };
    return createRkt({ folder, node: "conformance", env, log: silentLog });
  },
  params: (script, folder) => ({
    image: process.env[imageVariable],
    command: ["/bin/sh", "-c", script],
    volumes: [`${folder}:${folder}`],
  }),
  badParams: [
    { input: undefined, paths: ["params"] },
    { input: {}, paths: ["params.image"] },
    { input: { image: "coreos.com/etcd:v2.0.0" }, paths: ["params.image"] },
    {
      input: {
        image: "docker://busybox",
        pull: "never",
        command: "sh -c ls",
        args: ["a", "---"],
        user: "nobody",
        cwd: "data",
        network: "default",
        volumes: ["data:/data"],
        ports: ["80-tcp:8080"],
      },
      paths: [
        "params.image",
        "params.pull",
        "params.user",
        "params.cwd",
        "params.network",
        "params.volumes[0]",
        "params.ports",
      ],
    },
    {
      input: { image: "/a.aci", command: "sh", args: ["---"], volumes: ["/a:/srv", "/b:/srv/b"] },
      paths: ["params.command", "params.args", "params.volumes"],
    },
  ],
  processesPerTask: 2, // The shim, and the app.
  skips: {
    "gives a task its volume where it is to find it, start after start, and leaves its data alone":
      "it would be in a folder that these pods have: see what pods alone have",
    "leaves nothing of what it removes": "images stay: see what pods alone have",
  },
  impersonate: impersonateShim,
};

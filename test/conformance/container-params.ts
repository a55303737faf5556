/** Wrong parameters of containers, and every path that must be complained of. */
import type { ProviderUnderTest } from "./under-test.ts";

export const badContainerParams: ProviderUnderTest["badParams"] = [
  { input: undefined, paths: ["params"] },
  { input: [], paths: ["params"] },
  { input: {}, paths: ["params.image"] },
  { input: { image: "Not An Image" }, paths: ["params.image"] },
  { input: { image: "a", args: "sh -c 'true" }, paths: ["params.args"] },
  {
    input: {
      image: 7,
      imgae: "x",
      command: { sh: 1 },
      args: ["a", {}],
      pull: "sometimes",
      user: "a b",
      cwd: "data",
      labels: { "mob.node": "x", ok: 1 },
      networks: ["-x"],
      ports: ["0:80", "80/icmp", 8080],
      volumes: ["data:/data", "/a:/b:rx", "/a:/b"],
      pids: 1.5,
      init: "yes",
    },
    paths: [
      "params.image",
      "params.command",
      "params.args[1]",
      "params.pull",
      "params.user",
      "params.cwd",
      'params.labels["mob.node"]',
      "params.networks[0]",
      "params.ports[0]",
      "params.ports[1]",
      "params.volumes[0]",
      "params.volumes[1]",
      "params.pids",
      "params.init",
      "params.imgae",
    ],
  },
];

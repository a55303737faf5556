/** A node's commands in memory: what the API, the client and the CLI are tested against. */
import type { ActorDetail, ActorView } from "../../src/api/actor-shapes.ts";
import type { Commands, LogChunk } from "../../src/api/commands.ts";
import type { LeftoverView } from "../../src/api/leftover-shapes.ts";
import type { PlanResult } from "../../src/api/results.ts";
import type {
  EndpointView,
  InstanceView,
  NodeView,
  TokenView,
  VolumeView,
} from "../../src/api/shapes.ts";
import type { StatsView } from "../../src/api/stats-shapes.ts";
import type { KeysView } from "../../src/api/trust-shapes.ts";
import type { ServiceChange } from "../../src/api/watch-shapes.ts";
import { NotFound } from "../../src/core/errors.ts";

export const aNode: NodeView = {
  name: "6666@box",
  id: "0".repeat(32),
  address: "127.0.0.1:6666",
  state: "alive",
  drained: false,
  providers: ["bash"],
  labels: { zone: "eu" },
  version: "0.1.0",
  weight: 1,
  capacity: { memory: 8e9, cpu: 4 },
  reserved: { memory: 256e6, cpu: 0.5 },
};

export const anInstance: InstanceView = {
  name: "web",
  group: "web",
  id: "0123456789abcdef",
  slot: 0,
  node: "6666@box",
  provider: "bash",
  state: "running",
  healthy: true,
  handle: { pid: 42 },
  ports: { http: 20_000 },
  restarts: 0,
  since: 0,
  generation: 1,
  epoch: 1,
};

export const someStats: StatsView = {
  name: "web",
  slot: 0,
  node: "6666@box",
  provider: "bash",
  state: "running",
  cpuPercent: 12.5,
  cpuMs: 4_000,
  memoryBytes: 64e6,
  processes: 3,
  uptimeMs: 200_000,
  cpuPercentMax: null,
  memoryBytesMax: 256e6,
};

export const aLeftover: LeftoverView = {
  id: "0a1b2c3d4e5f/0123456789abcdef.1",
  provider: "bash",
  instance: "0123456789abcdef",
  service: null,
  network: null,
  dataFolder: "/home/a/.mob/7777",
  since: null,
  state: "gone",
  reason: "its data folder is gone",
};

const anEndpoint: EndpointView = {
  name: "web",
  slot: 0,
  node: "6666@box",
  port: "http",
  address: "127.0.0.1:20000",
  healthy: true,
};

export const aPlan: PlanResult = {
  group: "web",
  result: "updated",
  generation: 2,
  changes: [{ path: "env.MODE", from: "test", to: "production" }],
  instances: [
    {
      name: "web",
      slot: 0,
      action: "keep",
      node: "6666@box",
      from: "6666@box",
      reason: "it is there already",
      refusals: [],
    },
  ],
};

const written = { at: 0, by: "6666@box", removed: false } as const;

export const aChange: ServiceChange = {
  ...written,
  key: "run/web",
  stamp: `1.0.${aNode.id}`,
  name: "web",
  kind: "run",
  run: "running",
};

const aToken: TokenView = {
  id: "0123456789abcdef",
  name: "ci",
  role: "deploy",
  created: 0,
  expires: null,
};

export const aVolume: VolumeView = {
  name: "data",
  kind: "local",
  node: "6666@box",
  service: "web",
};

const acknowledged = {
  class: "available",
  acks: ["6666@box"],
  replicas: 1,
  partitioned: false,
} as const;

const common = { kind: "worker", status: "running", mailbox: 0, handled: 7, restarts: 1 } as const;
export const aTree: ActorView = {
  ...common,
  path: "mob",
  kind: "supervisor",
  strategy: "rest_for_one",
  children: [
    {
      ...common,
      path: "mob/peer",
      kind: "supervisor",
      children: [{ ...common, path: "mob/peer/listener", name: "listener", children: [] }],
    },
    { ...common, path: "mob/controller", children: [] },
  ],
};
const anActor: ActorDetail = { ...common, node: "6666@box", path: "mob/controller", busyMs: 3 };

/** In the middle of a rotation. */
export const someKeys: KeysView = {
  keys: [
    { id: "00112233aabbccdd", state: "in use", revision: 1, missing: [] },
    { id: "ff00ff00ff00ff00", state: "installed", revision: 0, missing: ["7777@box"] },
  ],
  away: ["8888@box"],
};

/** A network of one node with one service, `web`; `overrides` replaces single commands. */
export function memoryCommands(overrides: Partial<Commands> = {}): Commands {
  const known = (name: string) => {
    if (name !== "web" && name !== "shop/web") throw new NotFound(`there is no service ${name}`);
  };
  return {
    nodes: async () => [aNode],
    joinByToken: async () => [aNode, { ...aNode, name: "7777@box" }],
    issueJoinToken: async (wantedFor) => ({
      token: `mobjoin1_${wantedFor ?? "1h"}`,
      address: aNode.address,
      expires: Date.UTC(2026, 0, 1),
    }),
    keys: async () => someKeys,
    rotateKeys: async () => someKeys,
    join: async (address) => [aNode, { ...aNode, name: "7777@box", address }],
    leave: async () => ({ name: "6666@box", pid: 42, running: [], volumes: ["data"] }),
    async forget(node) {
      if (node !== "7777@box") throw new NotFound(`there is no node ${node}`);
      return [aNode];
    },
    async drain(node) {
      if (node !== aNode.name) throw new NotFound(`there is no node ${node}`);
      const stays = { name: "web", slot: 0, node, reason: "is a job" };
      return { node, instances: [stays], ...acknowledged };
    },
    undrain: async () => [aNode],
    services: async () => [anInstance],
    async endpoints(name) {
      if (name !== undefined) known(name);
      return [anEndpoint];
    },
    async stats(names = []) {
      for (const name of names) known(name);
      return [...names].map((name) => ({ ...someStats, name }));
    },
    async show(name) {
      known(name);
      const spec = { name, provider: "bash" };
      return { name, group: name, spec, wanted: "running", generation: 1, instances: [anInstance] };
    },
    deploy: async (documents) =>
      documents.map(() => ({
        group: "web",
        generation: 1,
        result: "created",
        instances: [{ name: "web", slot: 0, node: "6666@box", state: "running" }],
        ...acknowledged,
      })),
    async scale(name, instances) {
      known(name);
      const count = typeof instances === "number" ? instances : 1;
      const told = Array.from(
        { length: count },
        (_, slot) => ({ name, slot, node: aNode.name, state: "running" }) as const,
      );
      return { group: name, generation: 2, result: "updated", instances: told, ...acknowledged };
    },
    async rollback(name) {
      known(name);
      return { group: name, generation: 3, result: "updated", instances: [], ...acknowledged };
    },
    plan: async (documents) => documents.map(() => aPlan),
    async act(action, names) {
      for (const name of names) known(name);
      const result = action === "stop" ? "stopped" : "started";
      const state = action === "stop" ? "stopped" : "running";
      return names.map((name) => ({ name, result, state, ...acknowledged }));
    },
    async pause(names) {
      for (const name of names) known(name);
      return names.map((name) => ({ name, slot: 0, node: "6666@box", result: "paused" }));
    },
    async unpause(names) {
      for (const name of names) known(name);
      return names.map((name) => ({ name, slot: 0, node: "6666@box", result: "resumed" }));
    },
    async logs(name) {
      known(name);
      return chunksOf([{ name, slot: 0, node: "6666@box", bytes: Buffer.from("one\ntwo\n") }]);
    },
    watch: async () => batchesOf([aChange]),
    async history(name) {
      known(name);
      return [{ ...written, state: "current", kind: "run", run: "running" }];
    },
    async invoke(name, event) {
      known(name);
      return { id: "1", node: "6666@box", slot: 0, cold: false, ms: 1, answer: { event } };
    },
    providers: async () => [
      {
        node: "6666@box",
        type: "bash",
        available: true,
        version: "5.2",
        features: [],
        lacks: { limits: "no cgroup can be written" },
      },
      {
        node: "6666@box",
        type: "docker",
        available: false,
        features: [],
        lacks: {},
        reason: "not installed",
      },
    ],
    volumes: async () => [aVolume],
    async removeVolume(name) {
      if (name !== aVolume.name) throw new NotFound(`there is no volume ${name}`);
      return { name, node: aVolume.node, deleted: true, ...acknowledged };
    },
    leftovers: async () => ({ node: "6666@box", leftovers: [aLeftover], unread: [] }),
    removeLeftovers: async ({ ids = [aLeftover.id] } = {}) => ({
      node: "6666@box",
      results: ids.map((id) =>
        id === aLeftover.id
          ? { id, provider: "bash", instance: aLeftover.instance, result: "removed" }
          : { id, provider: null, instance: null, result: "kept", reason: "not there" },
      ),
      unread: [],
    }),
    actors: async () => aTree,
    actor: async () => anActor,
    suspend: async (path) => ({ node: "6666@box", path, resumesAt: 60_000 }),
    resume: async (path) => ({ node: "6666@box", path, wasSuspended: true }),
    restartActor: async (path) => ({ node: "6666@box", result: "restarted", paths: [path] }),
    tokens: async () => [aToken],
    createToken: async ({ role, name = aToken.name }) => ({
      ...aToken,
      role,
      name,
      token: "mobapi1.0123456789abcdef.SECRET.PIN",
      pin: "PIN=",
      ...acknowledged,
    }),
    revokeToken: async () => ({ revoked: [aToken], ...acknowledged }),
    shutdown: async () => ({ name: "6666@box", pid: 42, running: ["web"] }),
    ...overrides,
  };
}

async function* batchesOf(
  changes: readonly ServiceChange[],
): AsyncGenerator<readonly ServiceChange[]> {
  yield changes;
}

export async function* chunksOf(chunks: readonly LogChunk[]): AsyncGenerator<LogChunk> {
  yield* chunks;
}

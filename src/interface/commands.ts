/**
 * The API's commands, carried out on the network: the actors' own words put into the shapes that the
 * API promises.
 */

import type { ApiTokens } from "../actors/api-tokens.ts";
import { invokeService } from "../actors/invocations.ts";
import type { NodeInfo } from "../actors/node-view.ts";
import type { ActOutcome, DeployOutcome, Operations } from "../actors/operations.ts";
import type { InstanceInfo } from "../actors/service-view.ts";
import type { TrustOperations } from "../actors/trust-operations.ts";
import type { Commands } from "../api/commands.ts";
import type {
  Action,
  ActionResult,
  DeployResult,
  ProviderView,
  ServiceDetail,
  TokenView,
} from "../api/shapes.ts";
import type { NodeId } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import type { TokenRecord } from "../services/token-record.ts";
import { actorCommands } from "./actor-commands.ts";
import { createLocate } from "./actor-location.ts";
import { changeView, historyEntries } from "./change-shape.ts";
import { instanceView } from "./instance-shape.ts";
import { readLogs } from "./log-reading.ts";
import { nodeView } from "./node-shape.ts";
import { planResult } from "./plan-shape.ts";
import { trustCommands } from "./trust-commands.ts";

export interface CommandsOptions {
  readonly operations: Operations;
  readonly system: ActorSystem;
  readonly tokens: ApiTokens;
  readonly trust: TrustOperations;
  /** This node's own name. */
  readonly name: string;
  /** Has this node stop soon. */
  readonly stop: () => void;
}

export function networkCommands(options: CommandsOptions): Commands {
  const { operations, system, tokens, name, stop } = options;
  const named = (id: NodeId) => operations.nodeName(id);
  const nodeName = (id: NodeId | null) => (id === null ? null : named(id));
  const locate = createLocate({ operations, own: { id: system.node, name } });
  const view = (instance: InstanceInfo) => instanceView(instance, nodeName);
  return {
    nodes: async () => operations.nodes().map(nodeView),
    async join(address) {
      await operations.join(address);
      return operations.nodes().map(nodeView);
    },
    async leave() {
      const running = runningOn(operations, system.node);
      await operations.leave();
      stop();
      return { name, pid: process.pid, running };
    },
    async forget(node) {
      await operations.forget(node);
      return operations.nodes().map(nodeView);
    },
    ...trustCommands(options),
    services: async () => operations.instances().map(view),
    async show(service): Promise<ServiceDetail> {
      const instance = operations.instance(service);
      const { spec, wanted } = operations.spec(service);
      const { group, generation } = instance;
      return { name: service, group, spec, wanted, generation, instances: [view(instance)] };
    },
    async deploy(documents) {
      const outcomes = await operations.deploy(documents);
      return outcomes.map((outcome) => deployResult(outcome, nodeName));
    },
    async plan(documents) {
      const planned = await operations.plan(documents);
      return planned.map((one) => planResult(one, nodeName));
    },
    async act(action, services) {
      const outcomes = await operations.act(action, services);
      return outcomes.map((outcome, i) =>
        actionResult(action, services[i] ?? "", outcome, nodeName),
      );
    },
    logs: (service, logOptions, signal) => readLogs(operations, service, logOptions, signal),
    async watch({ services = [], told = [] }, signal) {
      const changes = operations.watch(services, told, signal);
      return views(changes, (change) => changeView(change, named));
    },
    history: async (service) => [...historyEntries(operations.history(service), named)],
    async invoke(service, event) {
      const invoked = await invokeService(operations, service, JSON.stringify(event ?? null));
      const { id, slot, node, cold, ms, answer } = invoked;
      return { id, slot, node: named(node), cold, ms, answer: parsedIfJson(answer) };
    },
    providers: async () =>
      operations
        .nodes()
        .filter(({ isLive }) => isLive)
        .flatMap(providerViews),
    ...actorCommands(system, operations.call, locate),
    tokens: async () => tokens.list().map(tokenView),
    async createToken(wanted) {
      const { record, text, pin, receipt } = await tokens.create(wanted);
      const base64 = Buffer.from(pin, "base64url").toString("base64"); // As curl wants it.
      const worth = acknowledgement(receipt, nodeName);
      return { ...tokenView(record), token: text, pin: base64, ...worth };
    },
    async revokeToken(nameOrId) {
      const { revoked, receipt } = await tokens.revoke(nameOrId);
      return { revoked: revoked.map(tokenView), ...acknowledgement(receipt, nodeName) };
    },
    async shutdown() {
      stop();
      return { name, pid: process.pid, running: runningOn(operations, system.node) };
    },
  };
}

async function* views<From, To>(
  batches: AsyncIterable<readonly From[]>,
  view: (item: From) => To,
): AsyncGenerator<readonly To[]> {
  for await (const batch of batches) yield batch.map(view);
}

/** Names of the services whose tasks run on `node` now. */
export function runningOn(operations: Operations, node: NodeId): string[] {
  return operations
    .instances()
    .filter((instance) => instance.node === node && "pid" in instance.handle)
    .map((instance) => instance.name);
}

/** What a function answers is JSON, unless it is not. */
function parsedIfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function providerViews({ name, providers }: NodeInfo): ProviderView[] {
  return providers.map(({ type, available, version, features = [], reason }) => ({
    node: name,
    type,
    available,
    features: [...features],
    ...(version !== undefined && { version }),
    ...(reason !== undefined && { reason }),
  }));
}

function deployResult(
  { deployed, receipt, instance }: DeployOutcome,
  nodeName: (id: NodeId | null) => string | null,
): DeployResult {
  const { group, generation, result } = deployed;
  const instances =
    instance === undefined
      ? []
      : [
          {
            name: instance.name,
            slot: instance.slot,
            node: nodeName(instance.node),
            state: instance.state,
            ...(instance.reason !== undefined && { reason: instance.reason }),
          },
        ];
  return { group, generation, result, instances, ...acknowledgement(receipt, nodeName) };
}

function tokenView({ id, name, role, createdAtMs, expiresAtMs }: TokenRecord): TokenView {
  return { id, name, role, created: createdAtMs, expires: expiresAtMs ?? null };
}

const done = {
  start: "started",
  stop: "stopped",
  restart: "restarted",
  remove: "removed",
} as const;

function actionResult(
  action: Action,
  name: string,
  { changed, receipt, instance }: ActOutcome,
  nodeName: (id: NodeId | null) => string | null,
): ActionResult {
  return {
    name,
    result: changed ? done[action] : "unchanged",
    state: instance?.state ?? "removed",
    ...(instance?.reason !== undefined && { reason: instance.reason }),
    ...acknowledgement(receipt, nodeName),
  };
}

function acknowledgement(
  { acks, replicas, partitioned }: DeployOutcome["receipt"],
  nodeName: (id: NodeId | null) => string | null,
) {
  const holders = acks.map((id) => nodeName(id) ?? id);
  return { class: "available" as const, acks: holders, replicas, partitioned };
}

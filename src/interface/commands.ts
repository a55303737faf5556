/**
 * The API's commands, carried out on the network: the actors' own words put into the shapes that the
 * API promises.
 */

import type { ApiTokens } from "../actors/api-tokens.ts";
import { invokeService } from "../actors/invocations.ts";
import type { ActOutcome, DeployOutcome, Outcome } from "../actors/outcomes.ts";
import { labelOf } from "../actors/running-instance.ts";
import type { InstanceInfo } from "../actors/service-view.ts";
import { allNamed } from "../actors/slot-named.ts";
import type { TrustOperations } from "../actors/trust-operations.ts";
import type { Commands } from "../api/commands.ts";
import type { Action, ActionResult, DeployResult } from "../api/results.ts";
import type { ServiceDetail, TokenView } from "../api/shapes.ts";
import type { NodeId } from "../core/ids.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import type { TokenRecord } from "../services/token-record.ts";
import { acknowledgement } from "./acknowledgement.ts";
import { actorCommands } from "./actor-commands.ts";
import { createLocate } from "./actor-location.ts";
import { changeView, historyEntries } from "./change-shape.ts";
import { endpointViews } from "./endpoint-shape.ts";
import { exitView, instanceView } from "./instance-shape.ts";
import { leftoverCommands } from "./leftover-commands.ts";
import { readLogs } from "./log-reading.ts";
import { type NodeCommandsOptions, nodeCommands } from "./node-commands.ts";
import { pauseCommands } from "./pause-commands.ts";
import { planResult } from "./plan-shape.ts";
import { statsCommands } from "./stats-commands.ts";
import { trustCommands } from "./trust-commands.ts";
import { volumeCommands } from "./volume-commands.ts";

export interface CommandsOptions extends NodeCommandsOptions {
  readonly system: ActorSystem;
  readonly tokens: ApiTokens;
  readonly trust: TrustOperations;
}

export function networkCommands(options: CommandsOptions): Commands {
  const { operations, system, tokens, name } = options;
  const named = (id: NodeId) => operations.nodeName(id);
  const nodeName = (id: NodeId | null) => (id === null ? null : named(id));
  const locate = createLocate({ operations, own: { id: system.node, name } });
  const view = (instance: InstanceInfo) => instanceView(instance, nodeName);
  return {
    ...nodeCommands(options),
    ...trustCommands(options),
    ...volumeCommands(operations),
    ...pauseCommands(operations),
    ...statsCommands(operations),
    async services(names = []) {
      await operations.caughtUp();
      return allNamed(operations, names).map(view);
    },
    async endpoints(service) {
      await operations.caughtUp();
      const wanted =
        service === undefined ? operations.instances() : operations.service(service).instances;
      const nodes = operations.nodes();
      return wanted.flatMap((instance) => endpointViews(instance, nodes));
    },
    async show(service): Promise<ServiceDetail> {
      await operations.caughtUp();
      const { instances, ...detail } = operations.service(service);
      return { name: service, ...detail, instances: instances.map(view) };
    },
    async deploy(documents) {
      await operations.caughtUp();
      const outcomes = await operations.deploy(documents);
      return outcomes.map((outcome) => deployResult(outcome, nodeName));
    },
    async scale(service, instances) {
      await operations.caughtUp();
      return deployResult(await operations.scale(service, instances), nodeName);
    },
    async rollback(service) {
      await operations.caughtUp();
      return deployResult(await operations.rollback(service), nodeName);
    },
    async plan(documents) {
      await operations.caughtUp();
      const planned = await operations.plan(documents);
      return planned.map((one) => planResult(one, nodeName));
    },
    async act(action, services) {
      await operations.caughtUp();
      const outcomes = await operations.act(action, services);
      return outcomes.map((outcome, i) =>
        actionResult(action, services[i] ?? "", outcome, nodeName),
      );
    },
    async logs(service, logOptions, signal) {
      await operations.caughtUp();
      return readLogs(operations, service, logOptions, signal);
    },
    async watch({ services = [], told = [] }, signal) {
      const changes = operations.watch(services, told, signal);
      return views(changes, (change) => changeView(change, named));
    },
    async history(service) {
      await operations.caughtUp();
      return [...historyEntries(operations.history(service), named)];
    },
    async invoke(service, event) {
      await operations.caughtUp();
      const invoked = await invokeService(operations, service, JSON.stringify(event ?? null));
      const { id, slot, node, cold, ms, answer } = invoked;
      return { id, slot, node: named(node), cold, ms, answer: parsedIfJson(answer) };
    },
    ...actorCommands(system, operations.call, locate),
    ...leftoverCommands(operations.call, locate),
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
  };
}

async function* views<From, To>(
  batches: AsyncIterable<readonly From[]>,
  view: (item: From) => To,
): AsyncGenerator<readonly To[]> {
  for await (const batch of batches) yield batch.map(view);
}

function deployResult(
  { deployed, receipt, instances, undone, unfinished }: DeployOutcome,
  nodeName: (id: NodeId | null) => string | null,
): DeployResult {
  const { group, generation, result } = deployed;
  const told = instances.map(({ name, slot, node, state, reason, exit }) => ({
    name,
    slot,
    node: nodeName(node),
    state,
    ...(reason !== undefined && { reason }),
    ...(exit && { exit: exitView(exit) }),
  }));
  return {
    group,
    generation,
    result,
    ...(undone !== undefined && { undone }),
    instances: told,
    ...unfinishedOf(unfinished),
    ...acknowledgement(receipt, nodeName),
  };
}

function unfinishedOf(unfinished: Outcome["unfinished"]): Pick<DeployResult, "unfinished"> {
  return unfinished.length > 0 ? { unfinished: [...new Set(unfinished.map(labelOf))] } : {};
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
  { changed, receipt, instances, remains, unfinished }: ActOutcome,
  nodeName: (id: NodeId | null) => string | null,
): ActionResult {
  // Of several, the first that is not as wanted tells for all.
  const wanted = action === "stop" ? "stopped" : "running";
  const shown = instances.find(({ state }) => state !== wanted) ?? instances[0] ?? remains[0];
  const reasons = remains.length === 0 ? [shown?.reason ?? ""] : remains.map((one) => one.reason);
  const reason = [...new Set(reasons)].join("; ");
  return {
    name,
    result: changed ? done[action] : "unchanged",
    state: shown?.state ?? (action === "remove" ? "removed" : wanted),
    ...(reason !== "" && { reason }),
    ...unfinishedOf(unfinished),
    ...acknowledgement(receipt, nodeName),
  };
}

/** The answer of a function is text, and mostly JSON. */
function parsedIfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

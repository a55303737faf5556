/**
 * A node's actors and API that can be attached to: a real actor system on a manual clock, a real
 * server and real WebSockets. What people attach for, an actor called `echo`, is there too, and an instance
 * of a service, `web/0`, beside which commands run.
 */

import { type ExecutorOptions, executor } from "../../src/actors/executor.ts";
import { inspector } from "../../src/actors/inspector.ts";
import { names, providerWorkerName } from "../../src/actors/names.ts";
import type { ProviderWorkerProtocol } from "../../src/actors/provider-worker-protocol.ts";
import type { InstanceInfo } from "../../src/actors/service-view.ts";
import type { Commands } from "../../src/api/commands.ts";
import { type Attachment, createAttachment } from "../../src/client/attachment.ts";
import { type Client, createClient } from "../../src/client/client.ts";
import { NotFound } from "../../src/core/errors.ts";
import { asInstanceId, asNodeId, asServiceName, type NodeId } from "../../src/core/ids.ts";
import { noResources } from "../../src/core/resources.ts";
import type { GateOptions } from "../../src/interface/access.ts";
import { actorCommands } from "../../src/interface/actor-commands.ts";
import type { TracingOptions } from "../../src/interface/actor-tracing.ts";
import { Sessions } from "../../src/interface/sessions.ts";
import type { Behaviour } from "../../src/otp/gen-server.ts";
import { supervisor } from "../../src/otp/supervisor.ts";
import { type ActorSystem, createSystem } from "../../src/otp/system.ts";
import { worker } from "../../src/otp/worker.ts";
import { type ApiServer, serveApi } from "./api-server.ts";
import { instanceInfo } from "./instance-info.ts";
import { ManualEnv } from "./manual-env.ts";
import { memoryCommands } from "./memory-commands.ts";

export type EchoProtocol = {
  readonly echo: { readonly request: unknown; readonly reply: unknown };
  readonly crash: { readonly request: undefined; readonly reply: never };
};

export interface AttachWorld {
  readonly env: ManualEnv;
  readonly system: ActorSystem;
  readonly server: ApiServer;
  readonly attachment: Attachment;
  /** Over the attachment. */
  readonly client: Client;
  /** What was told of lost connections. */
  readonly lost: readonly string[];
  echo(value: unknown): Promise<unknown>;
}

export async function withAttach(
  body: (world: AttachWorld) => Promise<void>,
  overrides: Partial<Commands> = {},
  gate?: GateOptions,
  providers: ExecutorOptions["providers"] = new Map(),
): Promise<void> {
  const env = new ManualEnv();
  const system = createSystem({ node: asNodeId("box"), boot: 1, env });
  const nodes: TracingOptions = {
    system,
    call: (...call) => system.call(...call),
    locate(target, wanted) {
      if (wanted === undefined || wanted === "6666@box") {
        return { node: { id: system.node, name: "6666@box" }, target };
      }
      throw new NotFound(`there is no node ${wanted}`);
    },
    nameOf: () => "6666@box",
  };
  const operations = {
    caughtUp: async () => {},
    has: (name: string) => name === "web",
    instancesOf(name: string) {
      if (name !== "web") throw new NotFound(`there is no service ${name}`);
      return [bareInstance(system.node)];
    },
    call: nodes.call,
  };
  const sessions = new Sessions({ ...nodes, name: "6666@box", operations });
  const children = [
    { id: "echo", start: worker({ name: "echo", behaviour: echo }) },
    { id: "inspector", start: worker({ name: names.inspector, behaviour: inspector }) },
    { id: "worker", start: worker({ name: providerWorkerName(instance), behaviour: bareWorker }) },
    {
      id: "executor",
      start: worker({ name: names.executor, behaviour: () => executor({ providers }) }),
    },
    sessions.child,
  ];
  const top = supervisor({ name: "mob", strategy: "one_for_one", intensity: 99, children });
  await system.start(top, { id: "mob" });
  const commands = memoryCommands({
    ...actorCommands(system, nodes.call, nodes.locate),
    ...overrides,
  });
  const server = await serveApi(commands, { sessions, closeGraceMs: 500, ...(gate && { gate }) });
  const lost: string[] = [];
  const attachment = createAttachment(server.endpoint);
  attachment.onLost((why) => lost.push(why));
  const client = createClient(server.endpoint, {}, attachment);
  const ask = (value: unknown) => system.call<EchoProtocol, "echo">("echo", "echo", value);
  try {
    await body({ env, system, server, attachment, client, lost, echo: ask });
  } finally {
    attachment.close();
    await server.close();
    await system.shutdown();
  }
}

const instance = asInstanceId("0".repeat(16));

function bareInstance(node: NodeId): InstanceInfo {
  const name = asServiceName("web");
  return instanceInfo({ name, group: "web", instance, slot: 0, node, provider: "bare" });
}

/** In the place of what runs the life cycle of an instance: knows its task, and no more. */
function bareWorker(): Behaviour<null, ProviderWorkerProtocol> {
  const task = { instance, attempt: 1, handle: {} };
  const logs = { fileBytesMax: 1_000_000, filesMax: 1 };
  const spec = { params: {}, env: { MODE: "test" }, logs, resources: noResources };
  const running = { task, startedAt: 0, isPaused: false, spec, provider: "bare" };
  return {
    init: () => null,
    handlers: { task: (state) => [state, running], setPaused: (state) => [state, "done"] },
  };
}

function echo(): Behaviour<number, EchoProtocol> {
  return {
    init: () => 0,
    handlers: {
      echo: (count, value) => [count + 1, value],
      crash() {
        throw new RangeError("on purpose");
      },
    },
  };
}

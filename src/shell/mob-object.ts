/** `mob`, as it is in the shell: the client's calls, in the shapes that are quick to type. */
import type { LogOptions } from "../api/commands.ts";
import type {
  Action,
  ActionResult,
  DeployResult,
  DrainResult,
  PausedResult,
  PlanResult,
  RemovedVolume,
} from "../api/results.ts";
import type {
  EndpointView,
  InstanceView,
  InvokedView,
  NodeView,
  ProviderView,
  ServiceDetail,
  VolumeView,
} from "../api/shapes.ts";
import type { StatsView } from "../api/stats-shapes.ts";
import type { HistoryEntry } from "../api/watch-shapes.ts";
import type { Attachment } from "../client/attachment.ts";
import type { Client } from "../client/client.ts";
import { deployAndLook } from "../client/steady.ts";
import {
  type ActorCalls,
  type ActorCallsOptions,
  actorHelp,
  createActorCalls,
  type Shown,
} from "./actor-calls.ts";
import { formatRan, type Ran, runToEnd } from "./exec-call.ts";
import { text, texts, words } from "./given.ts";
import { formatHistory } from "./history-views.ts";
import { formatPlans } from "./plan-views.ts";
import { formatStats } from "./stats-views.ts";
import type { Paint } from "./style.ts";
import {
  formatActions,
  formatAnswer,
  formatDeploys,
  formatDrain,
  formatEndpoints,
  formatInstances,
  formatNodes,
  formatPaused,
  formatProviders,
  formatService,
} from "./views.ts";
import { formatRemovedVolume, formatVolumes } from "./volume-views.ts";

/** How the shell shows an answer: kept beside it, so that what one types gets plain data. */
export type Views = WeakMap<object, (paint: Paint) => string>;

export interface MobObject extends ActorCalls {
  nodes(): Promise<NodeView[]>;
  join(address: string): Promise<NodeView[]>;
  forget(node: string): Promise<NodeView[]>;
  drain(node: string): Promise<DrainResult>;
  undrain(node: string): Promise<NodeView[]>;
  services(...names: string[]): Promise<InstanceView[]>;
  show(name: string): Promise<ServiceDetail>;
  endpoints(name?: string): Promise<EndpointView[]>;
  stats(...names: string[]): Promise<StatsView[]>;
  deploy(...documents: object[]): Promise<DeployResult[]>;
  plan(...documents: object[]): Promise<PlanResult[]>;
  rollback(name: string): Promise<DeployResult>;
  scale(name: string, instances: number | "everywhere"): Promise<DeployResult>;
  start(...names: string[]): Promise<ActionResult[]>;
  stop(...names: string[]): Promise<ActionResult[]>;
  restart(...names: string[]): Promise<ActionResult[]>;
  rm(...names: string[]): Promise<ActionResult[]>;
  pause(...names: string[]): Promise<PausedResult[]>;
  resume(...names: string[]): Promise<PausedResult[]>;
  /** The last `lines` lines, default 100; those of several instances one instance after another. */
  logs(name: string, lines?: LogOptions["tail"]): Promise<string[]>;
  history(name: string): Promise<HistoryEntry[]>;
  /** Calls the function that a service is; gives its answer and how it went. */
  invoke(name: string, event?: unknown): Promise<InvokedView>;
  /** Runs a command beside a task of a service, to its end. */
  exec(name: string, ...command: string[]): Promise<Ran>;
  providers(): Promise<ProviderView[]>;
  volumes(): Promise<VolumeView[]>;
  /** Deletes a volume with its data. */
  removeVolume(name: string): Promise<RemovedVolume>;
}

export const helpText = `mob.nodes()                  the nodes of the network
mob.join("host:port")        join the network of another node
mob.forget("name or id")     drop a node that is not live, for good
mob.drain("name or id")      move everything off a node; mob.undrain undoes it
mob.services()               every instance of every service; mob.services("web") of some
mob.show("web")              one service: its spec and its instances
mob.endpoints("web")         where its ports are reached; of all services without a name
mob.stats("web", …)          what tasks use: CPU, memory, processes; all without a name
mob.deploy({ name: … })      deploy a service or a group, or several
mob.plan({ name: … })        what that would change, and where it would run
mob.scale("web", 5)          another number of instances, or "everywhere"
mob.rollback("web")          deploy the version before
mob.start("web", …)          also mob.stop, mob.restart and mob.rm
mob.pause("web", …)          have it stand still; mob.resume("web", …) has it go on
mob.logs("web", 100)         the last lines of its output, or "all"
mob.history("web")           what users wrote of it, and what lost a conflict
mob.invoke("hello", { … })   call the function that a service is
mob.exec("web", "ls", "-l")  run a command where its task runs; "web/1" in one instance
mob.providers()              what each node can run
mob.volumes()                the volumes; mob.removeVolume("data") deletes one
${actorHelp}
Ctrl-D stops a node that was started with this shell; its services run on.
`;

export function createMobObject(
  client: Client,
  views: Views,
  about: Omit<ActorCallsOptions, "client" | "shown"> & Pick<Attachment, "exec">,
): MobObject {
  // A mistake in the arguments must be a rejection: what is thrown at once the REPL tells its own way.
  const shown: Shown = async (ask, view) => {
    const value = await ask();
    views.set(value, (paint) => view(value, paint));
    return value;
  };
  const act = (action: Action, names: readonly unknown[]) =>
    shown(() => client.act(action, texts(names)), formatActions);

  const actorCalls = createActorCalls({ ...about, client, shown });

  const mob: MobObject = {
    ...actorCalls,
    nodes: () => shown(() => client.nodes(), formatNodes),
    join: (address) => shown(() => client.join(text(address)), formatNodes),
    forget: (node) => shown(() => client.forget(text(node)), formatNodes),
    drain: (node) => shown(() => client.drain(text(node)), formatDrain),
    undrain: (node) => shown(() => client.undrain(text(node)), formatNodes),
    services: (...names) =>
      shown(
        () => client.services(names.map(text)),
        (list, paint) => formatInstances(list, now(), paint),
      ),
    show: (name) =>
      shown(
        () => client.show(text(name)),
        (detail, paint) => formatService(detail, now(), paint),
      ),
    endpoints: (name) =>
      shown(() => client.endpoints(name === undefined ? name : text(name)), formatEndpoints),
    stats: (...names) => shown(() => client.stats(names.map(text)), formatStats),
    deploy: (...documents) => shown(() => deployAndLook(client, documents), formatDeploys),
    plan: (...documents) => shown(() => client.plan(documents), formatPlans),
    scale: (name, instances) =>
      shown(
        () => client.scale(text(name), instances),
        (result, paint) => formatDeploys([result], paint),
      ),
    rollback: (name) =>
      shown(
        () => client.rollback(text(name)),
        (result, paint) => formatDeploys([result], paint),
      ),
    start: (...names) => act("start", names),
    stop: (...names) => act("stop", names),
    restart: (...names) => act("restart", names),
    rm: (...names) => act("remove", names),
    pause: (...names) => shown(() => client.pause(texts(names)), formatPaused),
    resume: (...names) => shown(() => client.unpause(texts(names)), formatPaused),
    logs: (name, lines = 100) => shown(() => readLogs(client, text(name), lines), joinLines),
    history: (name) => shown(() => client.history(text(name)), formatHistory),
    invoke: (name, event = {}) =>
      shown(
        () => client.invoke(text(name), event),
        ({ answer }) => formatAnswer(answer),
      ),
    exec: (name, ...command) => shown(() => runToEnd(about, text(name), words(command)), formatRan),
    providers: () =>
      shown(
        () => client.providers(),
        (list, paint) => formatProviders(list, now(), paint),
      ),
    volumes: () => shown(() => client.volumes(), formatVolumes),
    removeVolume: (name) => shown(() => client.removeVolume(text(name)), formatRemovedVolume),
  };
  Object.setPrototypeOf(mob, null); // Or completion would list what every object has.
  return Object.freeze(mob);
}

async function readLogs(client: Client, name: string, tail: LogOptions["tail"]): Promise<string[]> {
  const forever = new AbortController().signal;
  const outputs = new Map<string, Uint8Array[]>();
  const chunks = await client.logs(name, { tail, follow: false }, forever);
  for await (const { name: service, slot, bytes } of chunks) {
    const key = `${service}/${slot}`;
    const parts = outputs.get(key);
    if (parts === undefined) outputs.set(key, [bytes]);
    else parts.push(bytes);
  }
  return [...outputs.values()].flatMap((parts) => {
    return Buffer.concat(parts).toString().replace(/\n$/, "").split("\n");
  });
}

function joinLines(lines: readonly string[]): string {
  return lines.join("\n");
}

function now(): number {
  return Date.now();
}

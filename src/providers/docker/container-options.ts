/** From a service's parameters to what the engine makes a container of. Pure. */
import type { ContainerCreateOptions, HostConfig, MountSettings } from "dockerode";
import { noResources } from "../../core/resources.ts";
import type { TaskContext } from "../provider.ts";
import { type PublishedPort, publishedPorts } from "../published-ports.ts";
import type { Dialect } from "./dialect.ts";
import { containerName, labelsOf, type TaskName, type TaskOwner } from "./labels.ts";
import type { ContainerParams } from "./params.ts";

/** All that a container is made from. When it is restarted is Mob's to decide, and never the engine's. */
export function containerOptions(
  params: ContainerParams,
  task: TaskName,
  context: TaskContext,
  dialect: Dialect,
  owner: TaskOwner,
): ContainerCreateOptions {
  const { image, entrypoint, command, args, user, cwd, labels, healthcheck } = params;
  const ports = publishedPorts(params.ports, context);
  const words = [...(command ?? []), ...(args ?? [])];
  return {
    name: containerName(task, context.service),
    Image: image,
    Labels: { ...labels, ...labelsOf(task, context, owner) },
    Env: Object.entries(context.env).map(([name, value]) => `${name}=${value}`),
    ExposedPorts: Object.fromEntries(ports.map((port) => [portName(port), {}])),
    HostConfig: hostConfig({ ...params, ports }, context, dialect),
    ...(!healthcheck && { Healthcheck: { Test: ["NONE"] } }),
    ...(words.length > 0 && { Cmd: words }),
    ...(entrypoint !== undefined && { Entrypoint: [...entrypoint] }),
    ...(user !== undefined && { User: user }),
    ...(cwd !== undefined && { WorkingDir: cwd }),
  };
}

function hostConfig(
  params: ContainerParams,
  { logs, limits = noResources, volumes: own = [] }: TaskContext,
  dialect: Dialect,
): HostConfig {
  const { networks, volumes, pids, init } = params;
  const { memoryBytes: memory, milliCpus } = limits;
  const [network] = networks;
  return {
    RestartPolicy: { Name: "no" },
    LogConfig: dialect.log(logs),
    PortBindings: portBindings(params.ports),
    // Not `Binds`, for which the engine would make a folder that is missing.
    Mounts: [
      ...volumes.map(({ from, at, readOnly }) => bindMount(from, at, readOnly)),
      ...own.map(({ folder, at }) => bindMount(folder, at, false)),
    ],
    ...(network !== undefined && { NetworkMode: network }),
    // The limit is on memory and swap together: a service that is over it must not crawl on.
    ...(memory > 0 && { Memory: memory, MemorySwap: memory }),
    ...(milliCpus > 0 && { NanoCpus: milliCpus * 1e6 }),
    ...(pids !== undefined && { PidsLimit: pids }),
    ...(init && { Init: true }),
  };
}

function bindMount(from: string, at: string, readOnly: boolean): MountSettings {
  return { Type: "bind", Source: from, Target: at, ReadOnly: readOnly };
}

function portBindings(ports: readonly PublishedPort[]): Record<string, object[]> {
  const bindings: Record<string, object[]> = {};
  for (const port of ports) {
    const name = portName(port);
    bindings[name] = [...(bindings[name] ?? []), { HostIp: port.address, HostPort: port.host }];
  }
  return bindings;
}

function portName({ inside, protocol }: PublishedPort): string {
  return `${inside}/${protocol}`;
}

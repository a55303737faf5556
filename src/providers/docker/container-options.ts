/** From a service's parameters to what the engine makes a container of. Pure. */
import type { ContainerCreateOptions, HostConfig } from "dockerode";
import { Unavailable } from "../../core/errors.ts";
import { noResources } from "../../core/resources.ts";
import type { TaskContext } from "../provider.ts";
import type { Dialect } from "./dialect.ts";
import { containerName, labelsOf, type TaskName } from "./labels.ts";
import type { ContainerParams, PublishedPort } from "./params.ts";

/** All that a container is made from. When it is restarted is Mob's to decide, and never the engine's. */
export function containerOptions(
  params: ContainerParams,
  task: TaskName,
  context: TaskContext,
  dialect: Dialect,
): ContainerCreateOptions {
  const { image, entrypoint, command, args, user, cwd, labels } = params;
  const ports = publishedPorts(params, context);
  const words = [...(command ?? []), ...(args ?? [])];
  return {
    name: containerName(task, context.service),
    Image: image,
    Labels: { ...labels, ...labelsOf(task, context) },
    Env: Object.entries(context.env).map(([name, value]) => `${name}=${value}`),
    ExposedPorts: Object.fromEntries(ports.map((port) => [portName(port), {}])),
    HostConfig: hostConfig({ ...params, ports }, context, dialect),
    ...(words.length > 0 && { Cmd: words }),
    ...(entrypoint !== undefined && { Entrypoint: [...entrypoint] }),
    ...(user !== undefined && { User: user }),
    ...(cwd !== undefined && { WorkingDir: cwd }),
  };
}

function hostConfig(
  params: ContainerParams,
  { logs, limits = noResources }: TaskContext,
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
    Mounts: volumes.map(({ from, at, readOnly }) => ({
      Type: "bind",
      Source: from,
      Target: at,
      ReadOnly: readOnly,
    })),
    ...(network !== undefined && { NetworkMode: network }),
    // The limit is on memory and swap together: a service that is over it must not crawl on.
    ...(memory > 0 && { Memory: memory, MemorySwap: memory }),
    ...(milliCpus > 0 && { NanoCpus: milliCpus * 1e6 }),
    ...(pids !== undefined && { PidsLimit: pids }),
    ...(init && { Init: true }),
  };
}

/**
 * Those of the parameters, which may name ports of the service; and each of the service's ports that they
 * do not name, as the same port in the container, since it is told there which one that is.
 * @throws Unavailable for a name that is none of the service's ports
 */
function publishedPorts(
  { ports }: ContainerParams,
  { ports: given = {} }: TaskContext,
): readonly PublishedPort[] {
  const named = new Set(ports.map(({ host }) => host));
  const others = Object.entries(given).filter(([name]) => !named.has(name));
  return [
    ...ports.map((port, index) => ({ ...port, host: hostPort(port, index, given) })),
    ...others.map(
      ([, port]): PublishedPort => ({
        address: "",
        host: String(port),
        container: port,
        protocol: "tcp",
      }),
    ),
  ];
}

function hostPort(
  { host }: PublishedPort,
  index: number,
  given: Readonly<Record<string, number>>,
): string {
  if (host === "" || /^\d/.test(host)) return host;
  const port = Object.hasOwn(given, host) ? given[host] : undefined;
  if (port !== undefined) return String(port);
  throw new Unavailable(`params.ports[${index}]: ${host} is none of the service's ports`);
}

function portBindings(ports: readonly PublishedPort[]): Record<string, object[]> {
  const bindings: Record<string, object[]> = {};
  for (const port of ports) {
    const name = portName(port);
    bindings[name] = [...(bindings[name] ?? []), { HostIp: port.address, HostPort: port.host }];
  }
  return bindings;
}

function portName({ container, protocol }: PublishedPort): string {
  return `${container}/${protocol}`;
}

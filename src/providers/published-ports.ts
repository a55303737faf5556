/**
 * Ports of what has a network of its own, published at ports of the host: how people write them, and
 * which of them a task gets.
 */
import { Unavailable } from "../core/errors.ts";
import type { TaskContext } from "./provider.ts";

export interface PublishedPort {
  /** Address of the host's; empty: all. */
  readonly address: string;
  /** A number, or the name of one of the service's ports. Empty: one that the engine chooses. */
  readonly host: string;
  /** In the container or machine. */
  readonly inside: number;
  readonly protocol: "tcp" | "udp" | "sctp";
}

const portPattern =
  /^(?:(?:(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]{2,39}\]):)?(\d{1,5}|[A-Za-z][\w.-]{0,62})?:)?(\d{1,5})(?:\/(tcp|udp|sctp))?$/;

export const publishedPortSchema = () => ({
  anyOf: [
    { type: "string", pattern: portPattern.source },
    { type: "integer", minimum: 1, maximum: 65_535 },
  ],
});

/** `80`, `8080:80`, `http:80`, `127.0.0.1:8080:80`, `53:53/udp`; undefined for anything else. */
export function parsePublishedPort(value: unknown): PublishedPort | undefined {
  const match = portPattern.exec(typeof value === "number" ? String(value) : String(value ?? ""));
  const [, address = "", host = "", inside = "", protocol = "tcp"] = match ?? [];
  if (!isPort(inside) || (/^\d+$/.test(host) && !isPort(host))) return undefined;
  return {
    address: address.replace(/^\[|\]$/g, ""),
    host,
    inside: Number(inside),
    protocol: protocol === "udp" || protocol === "sctp" ? protocol : "tcp",
  };
}

function isPort(digits: string): boolean {
  return Number(digits) >= 1 && Number(digits) <= 65_535;
}

/**
 * Those of the parameters, which may name ports of the service; and each of the service's ports that they
 * do not name, as the same port inside, since it is told there which one that is.
 * @throws Unavailable for a name that is none of the service's ports
 */
export function publishedPorts(
  ports: readonly PublishedPort[],
  { ports: given = {} }: Pick<TaskContext, "ports">,
): readonly PublishedPort[] {
  const named = new Set(ports.map(({ host }) => host));
  const others = Object.entries(given).filter(([name]) => !named.has(name));
  return [
    ...ports.map((port, index) => ({ ...port, host: hostPort(port, index, given) })),
    ...others.map(
      ([, port]): PublishedPort => ({
        address: "",
        host: String(port),
        inside: port,
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

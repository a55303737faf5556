/** What every command that talks to a node is given. */

import { type Client, createClient } from "../client/client.ts";
import type { Endpoint } from "../client/endpoint.ts";
import { findLocalNode } from "../client/local-node.ts";
import { parseAddress } from "../core/address.ts";
import { BadRequest } from "../core/errors.ts";
import { coloured, type Paint, plain } from "../shell/style.ts";
import { runFolder } from "./home.ts";
import { type Io, write } from "./io.ts";
import { findToken } from "./token-source.ts";

/** Options that every command takes. */
export interface CommonOptions {
  readonly port?: number;
  readonly node?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

export interface Context {
  readonly io: Io;
  readonly endpoint: Endpoint;
  readonly client: Client;
  readonly paint: Paint;
  /** Prints a value: as JSON with `--json`, else as `format` gives it. */
  print<T>(value: T, format: (value: T, paint: Paint) => string): Promise<void>;
}

export const portDefault = 6666;

export function createContext(io: Io, options: CommonOptions): Context {
  const paint = io.color ? coloured : plain;
  const endpoint = endpointOf(io, options);
  return {
    io,
    paint,
    endpoint,
    client: createClient(endpoint),
    async print(value, format) {
      const json = options.json === true;
      await write(io, json ? `${JSON.stringify(value)}\n` : format(value, paint));
    },
  };
}

/**
 * The port given, or that of the environment, or the usual one.
 * @throws BadRequest when the environment's is no port.
 */
export function portOf(io: Io, { port }: CommonOptions): number {
  return port ?? parsePort(io.env["MOB_PORT"] ?? String(portDefault), "MOB_PORT");
}

/** @throws BadRequest naming `what` is no port. */
export function parsePort(text: string, what: string): number {
  const port = Number(text);
  if (/^[0-9]{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new BadRequest(`${what} is "${text}": a port is a number from 1 to 65535`);
}

/** @throws Unreachable, Forbidden for the node of a port; BadRequest, Unauthorized for one elsewhere */
function endpointOf(io: Io, options: CommonOptions): Endpoint {
  if (options.node !== undefined && options.port !== undefined) {
    throw new BadRequest("--port and --node both say which node: give one of them");
  }
  if (options.node === undefined) {
    if (options.tokenFile === undefined) return findLocalNode(runFolder(io), portOf(io, options));
    throw new BadRequest("--token-file is for a node asked by --node; one on this host needs none");
  }
  const address = parseAddress(options.node);
  return { kind: "remote", address, token: findToken(io, options.tokenFile) };
}

/** Where a node is asked, and how one is known there. */
import { type Address, formatAddress } from "../core/address.ts";
import type { ApiToken } from "../trust/api-token.ts";

/** A node of this user on this host, over its Unix socket. */
export interface LocalEndpoint {
  readonly kind: "local";
  readonly port: number;
  readonly socketPath: string;
}

/** Any node, over HTTPS: with a token, by which either knows the other. */
export interface RemoteEndpoint {
  readonly kind: "remote";
  readonly address: Address;
  readonly token: ApiToken;
}

export type Endpoint = LocalEndpoint | RemoteEndpoint;

/** `host:port`, for people. */
export function addressText(endpoint: Endpoint): string {
  return formatAddress(
    endpoint.kind === "local" ? { host: "127.0.0.1", port: endpoint.port } : endpoint.address,
  );
}

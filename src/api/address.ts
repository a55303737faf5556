/** `host:port`, as users write it: `127.0.0.1:6666`, `box.local:6666`, `[::1]:6666`. */
import { BadRequest } from "../core/errors.ts";

export interface Address {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** @throws BadRequest naming the text and what it should look like. */
export function parseAddress(text: string): Address {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+)):([0-9]{1,5})$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new BadRequest(`"${text}" is not an address; one looks like 127.0.0.1:6666`);
  }
  return { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

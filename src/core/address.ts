/**
 * Addresses as people write them and nodes exchange them: `host:port`, with an IPv6 host in brackets
 * (`[::1]:6666`), as in a URL (RFC 3986, section 3.2.2). Parsed once, where they come in.
 */
import { BadRequest } from "./errors.ts";

export interface Address {
  /** A name, an IPv4 address or an IPv6 address, without brackets. */
  readonly host: string;
  /** 0 to 65,535; 0 asks for any free one. */
  readonly port: number;
}

const bracketed = /^\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]:(\d{1,5})$/;
const plain = /^([\w.-]{1,253}):(\d{1,5})$/;

/** @throws BadRequest when `text` is not `host:port` or the port is over 65,535. */
export function parseAddress(text: string): Address {
  const [, host, digits] = bracketed.exec(text) ?? plain.exec(text) ?? [];
  if (host === undefined || digits === undefined) {
    throw new BadRequest(`"${text}" is not an address: expected host:port, like 127.0.0.1:6666`);
  }
  const port = Number(digits);
  if (port > 65_535) throw new BadRequest(`"${text}" is not an address: no port is over 65535`);
  return { host, port };
}

/** The text that `parseAddress` reads back. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

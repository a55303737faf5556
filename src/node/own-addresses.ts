/**
 * Where a node listens and where others reach it. To listen on all addresses of a host says nothing of
 * the one that others should use: with a single one there is no question, with more the user is asked.
 */
import type { NetworkInterfaceInfo } from "node:os";
import { formatAddress } from "../core/address.ts";
import { BadRequest } from "../core/errors.ts";

export interface OwnAddressOptions {
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly bind?: string | undefined;
  readonly advertise?: string | undefined;
}

/** Both `host:port`. */
export interface OwnAddresses {
  readonly listen: string;
  readonly advertised: string;
}

/** As `os.networkInterfaces` gives them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** @throws BadRequest when no address to advertise can be told. */
export function ownAddresses(
  { port, bind = "127.0.0.1", advertise }: OwnAddressOptions,
  interfaces: Interfaces,
): OwnAddresses {
  if (advertise !== undefined && isWildcard(advertise)) {
    throw new BadRequest(`--advertise ${advertise} is no address that others can reach`);
  }
  const host = advertise ?? (isWildcard(bind) ? onlyAddress(bind, interfaces) : bind);
  return { listen: formatAddress({ host: bind, port }), advertised: formatAddress({ host, port }) };
}

/** All addresses of the host: 0.0.0.0, and :: in whatever form. */
function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || /^[0:]*:[0:]*$/.test(host);
}

function onlyAddress(bind: string, interfaces: Interfaces): string {
  const all = Object.values(interfaces).flatMap((those) => those ?? []);
  const outward = all.filter(({ internal, address }) => !internal && !isLinkLocal(address));
  const four = outward.filter(({ family }) => family === "IPv4");
  const usable = (bind === "0.0.0.0" || four.length > 0 ? four : outward).map(
    ({ address }) => address,
  );
  const [first, ...others] = usable;
  if (first !== undefined && others.length === 0) return first;
  const found =
    first === undefined
      ? "this host has none that others could reach"
      : `this host has several: ${usable.join(", ")}`;
  const fix = "--advertise HOST says which address others reach it at";
  throw new BadRequest(`--bind ${bind} listens on all addresses, and ${found}. ${fix}`);
}

/** Good on one link alone, and only with its name. */
function isLinkLocal(address: string): boolean {
  return /^(fe[89ab]|169\.254\.)/i.test(address);
}

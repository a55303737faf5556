/**
 * Keeps web pages in a user's browser away from the API, although without a token they get nowhere: a
 * page can have its browser send requests from its own origin, or from a name of its own that it has
 * pointed at this host (DNS rebinding). The first shows in `Origin`, for WebSockets too, the second in
 * `Host`. Every POST must be JSON, which a browser sends elsewhere only when that one agrees.
 */
import type { IncomingMessage } from "node:http";
import { BadRequest, Forbidden } from "../core/errors.ts";

const loopbackName = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/i;

export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}

/**
 * The name by which the node was asked must be this host's, one of `hosts`, or the address at which
 * the connection arrived.
 * @throws Forbidden; BadRequest when it is said twice or not at all
 */
export function checkHost(request: IncomingMessage, hosts: readonly string[]): void {
  const host = onlyOne(request, "host");
  if (host === undefined) throw new BadRequest("the request does not say for which host it is");
  const [, name = ""] = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::[0-9]{1,5})?$/i.exec(host) ?? [];
  const own = [...hosts, request.socket.localAddress?.replace(/^::ffff:/, "") ?? ""];
  const asked = name.toLowerCase();
  if (loopbackName.test(asked) || own.some((one) => inUrl(one) === asked)) return;
  throw new Forbidden(
    "the API does not answer to that name; it does to this host's addresses, and to what --advertise says",
  );
}

/** @throws Forbidden for a page of another origin; BadRequest for two origins, and a POST without JSON */
export function checkOrigin(request: IncomingMessage, secure: boolean): void {
  const origin = onlyOne(request, "origin");
  const own = `${secure ? "https" : "http"}://${request.headers.host}`;
  if (origin !== undefined && origin.toLowerCase() !== own.toLowerCase()) {
    throw new Forbidden("the API does not answer to web pages of other origins");
  }
  onlyOne(request, "authorization");
}

/** @throws BadRequest */
export function checkJson({ method, headers }: IncomingMessage): void {
  if (method !== "POST" || /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? ""))
    return;
  throw new BadRequest("the body must be JSON, with content-type application/json");
}

/** A header that is there twice may be read in two ways, by this node and by what stands before it. */
function onlyOne({ headersDistinct }: IncomingMessage, name: string): string | undefined {
  const values = headersDistinct[name] ?? [];
  if (values.length > 1) throw new BadRequest(`the header ${name} is there twice`);
  return values[0];
}

/** As it stands in a URL, in lower case. */
function inUrl(host: string): string {
  return (host.includes(":") ? `[${host}]` : host).toLowerCase();
}

/**
 * Keeps web pages in the user's browser away from the API, which until it asks who calls trusts the
 * whole host. A page can make a browser send requests to 127.0.0.1: from its own origin, or from a
 * name of its own that it has pointed here (DNS rebinding). The first shows in `Origin`, the second
 * in `Host`. What needs no body cannot be forged either: every POST must be JSON, which a browser
 * sends to another origin only when that one agrees.
 */
import type { IncomingMessage } from "node:http";
import { BadRequest } from "../core/errors.ts";
import { Forbidden } from "./forbidden.ts";

const loopback = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?$/i;

/**
 * @throws Forbidden for a host that is not this one or a foreign origin, BadRequest for a POST that
 * is not JSON.
 */
export function refuseWebPages(request: IncomingMessage): void {
  const { host, origin, "content-type": contentType } = request.headers;
  if (host === undefined || !loopback.test(host)) {
    throw new Forbidden("the API answers to localhost, 127.0.0.1 or [::1] only");
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    throw new Forbidden("the API does not answer to web pages of other origins");
  }
  if (request.method === "POST" && !/^application\/json\s*(;|$)/i.test(contentType ?? "")) {
    throw new BadRequest("the body must be JSON, with content-type application/json");
  }
}

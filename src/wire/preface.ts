/**
 * The first bytes of a connection tell who speaks: a peer begins with a preface of its own, an HTTP
 * client with a method (RFC 9110, section 9.1). TLS, told by its first byte, gets its place here next.
 */

/** What a peer that dials sends before its first frame. */
export const peerPreface: Uint8Array = new TextEncoder().encode("MOB/1\n");

/** `undecided`: what came so far may still become a peer's or an HTTP client's. */
export type Speaker = "peer" | "http" | "unknown" | "undecided";

const httpMethods = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "OPTIONS",
  "PATCH",
  "CONNECT",
  "TRACE",
];
const httpStarts = httpMethods.map((method) => new TextEncoder().encode(`${method} `));

/** Bytes of a start after which `sniff` has always decided. */
export const sniffBytesMax = Math.max(...[peerPreface, ...httpStarts].map(({ length }) => length));

/** Who speaks, from the first bytes of a connection. */
export function sniff(start: Uint8Array): Speaker {
  if (begins(start, peerPreface)) {
    return start.length >= peerPreface.length ? "peer" : "undecided";
  }
  const method = httpStarts.find((known) => begins(start, known));
  if (method === undefined) return "unknown";
  return start.length >= method.length ? "http" : "undecided";
}

/** Whether the shorter of the two is how the longer begins. */
function begins(start: Uint8Array, whole: Uint8Array): boolean {
  const length = Math.min(start.length, whole.length);
  return start.subarray(0, length).every((byte, at) => byte === whole[at]);
}

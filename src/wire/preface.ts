/**
 * The first bytes of a connection tell who speaks: TLS begins with the record type of a handshake
 * (RFC 8446, section 5.1), an HTTP client with a method (RFC 9110, section 9.1). Which of peer and
 * HTTP speaks within TLS is agreed on by ALPN.
 */

/** How peers name their protocol in ALPN; the number is the protocol's major version. */
export const peerProtocol = "mob/1";
/** How those that redeem a join token do: see transport/join-exchange. */
export const joinProtocol = "mob-join/1";
/** How HTTP names itself there. */
export const httpProtocol = "http/1.1";

/** `undecided`: what came so far may still become an HTTP client's. */
export type Speaker = "tls" | "http" | "unknown" | "undecided";

const tlsHandshake = 0x16;
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
export const sniffBytesMax = Math.max(...httpStarts.map(({ length }) => length));

/** Who speaks, from the first bytes of a connection. */
export function sniff(start: Uint8Array): Speaker {
  if (start[0] === tlsHandshake) return "tls";
  const method = httpStarts.find((known) => begins(start, known));
  if (method === undefined) return "unknown";
  return start.length >= method.length ? "http" : "undecided";
}

/** Whether the shorter of the two is how the longer begins. */
function begins(start: Uint8Array, whole: Uint8Array): boolean {
  const length = Math.min(start.length, whole.length);
  return start.subarray(0, length).every((byte, at) => byte === whole[at]);
}

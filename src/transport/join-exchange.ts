/**
 * Both ends of redeeming a join token, over TLS with a protocol of its own (ALPN): what a stranger can
 * say here is a request of fixed length, and none of the peers' protocol is behind it. The bearer makes
 * sure of the issuer's key before it says anything.
 */
import { connect, type TLSSocket } from "node:tls";
import { parseAddress } from "../core/address.ts";
import { messageOf, Unreachable } from "../core/errors.ts";
import { NotTheIssuer } from "../trust/errors.ts";
import type { TokenBearer } from "../trust/join-desk.ts";
import type { JoinToken } from "../trust/join-token.ts";
import type { NetworkKeys } from "../trust/key-text.ts";
import { type NodeKey, pinOfKey } from "../trust/node-key.ts";
import {
  formatJoinRequest,
  joinAnswerBytesMax,
  joinRequestBytes,
  readJoinAnswer,
} from "../trust/redemption.ts";
import { joinProtocol } from "../wire/preface.ts";

/** What the issuer says to a request; undefined: nothing. */
export type TakeJoin = (request: Uint8Array, from: TokenBearer) => string | undefined;

/** How long a bearer may take to say its 17 bytes, and to read the answer. */
const serveMsMax = 5_000;

/** Reads one request, answers it, and ends the connection, whatever came. */
export function serveJoin(socket: TLSSocket, from: TokenBearer, take: TakeJoin): void {
  let request = Buffer.alloc(0);
  const late = setTimeout(() => socket.destroy(), serveMsMax).unref();
  socket.on("error", () => socket.destroy());
  socket.on("close", () => clearTimeout(late));
  socket.on("data", (chunk: Buffer) => {
    request = Buffer.concat([request, chunk]);
    if (request.length < joinRequestBytes) return;
    socket.removeAllListeners("data").pause();
    const answer = take(request, from);
    if (answer === undefined) socket.destroy();
    else socket.end(answer);
  });
}

/**
 * Shows the token to its issuer, once that has shown its key.
 * @throws NotTheIssuer, TokenRefused, Unreachable
 */
export function redeemAt(key: NodeKey, token: JoinToken, timeoutMs = 10_000): Promise<NetworkKeys> {
  const { host, port } = parseAddress(token.address);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      key: key.privateKey,
      cert: key.certificate,
      minVersion: "TLSv1.3",
      rejectUnauthorized: false, // No authority signs nodes' certificates: the pin is what counts.
      ALPNProtocols: [joinProtocol],
    });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const cannot = (why: string) => fail(unreachable(token, why));
    const late = setTimeout(() => cannot(`no answer within ${timeoutMs} ms`), timeoutMs);
    socket.on("error", (error) => cannot(messageOf(error)));
    socket.on("close", () => {
      clearTimeout(late);
      cannot("it closed the connection without an answer");
    });
    socket.once("secureConnect", () => {
      if (pinOf(socket) !== token.pin) fail(notTheIssuer(token));
      else socket.write(formatJoinRequest(token.secret));
    });
    let answer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length > joinAnswerBytesMax) cannot("its answer has no end");
    });
    socket.once("end", () => {
      if (answer.length === 0) return;
      try {
        resolve(readJoinAnswer(answer.toString(), token));
      } catch (error) {
        reject(error);
      }
    });
  });
}

function pinOf(socket: TLSSocket): string | undefined {
  const shown = socket.getPeerX509Certificate();
  return shown && pinOfKey(shown.publicKey);
}

function notTheIssuer({ address }: JoinToken): NotTheIssuer {
  return new NotTheIssuer(
    `what answers at ${address} is not the node that issued this token: it has another key. ` +
      "Either another node has that address by now, or someone stands between. The token was not " +
      "shown to it: take a new one, with `mob token join` on a node of the network",
  );
}

function unreachable({ address }: JoinToken, why: string): Unreachable {
  return new Unreachable(`the node at ${address}, which issued the token, is not reached: ${why}`);
}

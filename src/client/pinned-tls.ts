/**
 * A TLS connection to a node that the holder of a token can trust, made sure of before anything secret
 * is sent. No authority signs nodes' keys and none is trusted at first sight: either the node has the
 * key that the token pins, or it proves over this connection that it is of the token's network, which
 * it can for any token of that network (docs/design/0006).
 */
import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { paths } from "../api/paths.ts";
import { type Address, formatAddress } from "../core/address.ts";
import { Forbidden } from "../core/errors.ts";
import {
  type ApiToken,
  isProof,
  pinOf,
  proofLabel,
  proofMaterialBytes,
} from "../trust/api-token.ts";

/** Until the connection is made and sure. */
const connectMsMax = 10_000;
/** Far above what a proof takes. */
const answerBytesMax = 16 * 1024;

/** @throws Forbidden when the node is not one of the token's; Error when it cannot be reached */
export async function connectPinned(address: Address, token: ApiToken): Promise<Socket> {
  const socket = connect({
    ...address,
    minVersion: "TLSv1.3",
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: false, // By no authority: by the pin, below.
  });
  const late = new Error(`no secure connection within ${connectMsMax / 1000} s`);
  const timer = setTimeout(() => socket.destroy(late), connectMsMax);
  try {
    await secured(socket);
    if (keyOf(socket) !== token.pin) await refuseUnproven(socket, address, token);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function secured(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on("error", reject); // Stays: a late error of a given-up connection must find a listener.
    socket.once("close", () => reject(new Error("it hung up")));
    socket.once("secureConnect", resolve);
  });
}

/** The pin of the key that the other side has proved to hold. */
function keyOf(socket: TLSSocket): string | undefined {
  const key = socket.getPeerX509Certificate()?.publicKey;
  return key && pinOf(key.export({ type: "spki", format: "der" }));
}

/** @throws Forbidden */
async function refuseUnproven(socket: TLSSocket, address: Address, token: ApiToken): Promise<void> {
  const material = socket.exportKeyingMaterial(proofMaterialBytes, proofLabel, Buffer.alloc(0));
  const answer = await askProof(socket, token.id);
  if (isProof(token, material, proofIn(answer))) return;
  throw new Forbidden(
    `${formatAddress(address)} has another key than the token's, and is not of its network or does ` +
      "not know the token any more: nothing secret was sent",
  );
}

/**
 * By hand, since Node's client would not give the connection back: and it is this very one that the
 * proof is of. Resolves with the whole answer; empty when there is none that could be one.
 */
function askProof(socket: TLSSocket, id: string): Promise<string> {
  const body = JSON.stringify({ token: id });
  socket.write(
    `POST ${paths.proof} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
  return new Promise((resolve) => {
    let answer = "";
    const end = (whole: string) => {
      socket.off("data", take);
      socket.off("close", giveUp);
      resolve(whole);
    };
    const take = (bytes: Buffer) => {
      answer += bytes.toString("latin1");
      if (isWhole(answer)) end(answer);
      else if (answer.length > answerBytesMax) end("");
    };
    const giveUp = () => end("");
    socket.on("data", take);
    socket.once("close", giveUp);
  });
}

function isWhole(answer: string): boolean {
  const head = answer.indexOf("\r\n\r\n");
  const [, length] = /\r\ncontent-length: *(\d{1,5})\r\n/i.exec(answer.slice(0, head + 2)) ?? [];
  return head >= 0 && (length === undefined || answer.length >= head + 4 + Number(length));
}

function proofIn(answer: string): string {
  return /"proof":"([A-Za-z0-9_-]{43})"/.exec(answer)?.[1] ?? "";
}

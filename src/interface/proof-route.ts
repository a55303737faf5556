/**
 * The one open route: shows the holder of a token that this node is of the token's network, over the
 * TLS connection that is used. To anyone else what it answers is noise, for tokens that there are and
 * for those that there are not.
 */
import { createHmac, randomBytes } from "node:crypto";
import { TLSSocket } from "node:tls";
import type { FastifyInstance } from "fastify";
import { check } from "../api/check.ts";
import { paths } from "../api/paths.ts";
import { ProofRequest } from "../api/requests.ts";
import type { ProofView } from "../api/shapes.ts";
import { BadRequest } from "../core/errors.ts";
import { proofLabel, proofMaterialBytes, proofOf } from "../trust/api-token.ts";
import type { TokenSource } from "./token-source.ts";

export function addProofRoute(app: FastifyInstance, tokens: TokenSource): void {
  const noise = randomBytes(32);
  app.post(paths.proof, async ({ body, raw }): Promise<ProofView> => {
    const { token: id } = check(ProofRequest, body, "the body");
    const { socket } = raw;
    if (!(socket instanceof TLSSocket) || socket.getProtocol() !== "TLSv1.3") {
      throw new BadRequest("a proof is of a TLS 1.3 connection");
    }
    const material = socket.exportKeyingMaterial(proofMaterialBytes, proofLabel, Buffer.alloc(0));
    // Also worked out where it is not used: an answer takes as long either way.
    const unknown = createHmac("sha256", noise).update(id).digest("hex");
    return { proof: proofOf(tokens.get(id)?.verifier ?? unknown, material) };
  });
}

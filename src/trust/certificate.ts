/**
 * The self-signed certificate in which a node shows its public key to whoever speaks TLS with it. The
 * key is all that peers look at: names and dates in it mean nothing, so it never has to be renewed.
 * Import this late: a node needs it, and the libraries below it, once in its life.
 */
import { type KeyObject, sign } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import * as x509 from "@peculiar/asn1-x509";

const ecdsaWithSha256 = "1.2.840.10045.4.3.2"; // RFC 5758, section 3.2
const commonName = "2.5.4.3"; // RFC 5280, appendix A.1

/** How long it is valid, as far as others than peers look: from before any clock until for ever. */
const validFrom = new Date(Date.UTC(2000, 0, 1));
const validUntil = new Date(Date.UTC(9999, 11, 31, 23, 59, 59)); // RFC 5280, section 4.1.2.5

/** The DER form. */
export function selfSignedCertificate(privateKey: KeyObject, publicKey: KeyObject): Uint8Array {
  const algorithm = new x509.AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const value = new x509.AttributeValue({ utf8String: "mob" });
  const attribute = new x509.AttributeTypeAndValue({ type: commonName, value });
  const name = new x509.Name([new x509.RelativeDistinguishedName([attribute])]);
  const spki = publicKey.export({ type: "spki", format: "der" });
  const content = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: Uint8Array.of(1).buffer,
    signature: algorithm,
    issuer: name,
    subject: name,
    validity: new x509.Validity({ notBefore: validFrom, notAfter: validUntil }),
    subjectPublicKeyInfo: AsnConvert.parse(spki, x509.SubjectPublicKeyInfo),
  });
  const signed = sign("sha256", Buffer.from(AsnConvert.serialize(content)), privateKey);
  const certificate = new x509.Certificate({
    tbsCertificate: content,
    signatureAlgorithm: algorithm,
    signatureValue: Uint8Array.from(signed).buffer,
  });
  return new Uint8Array(AsnConvert.serialize(certificate));
}

/**
 * Branded ids: strings that cannot be mixed up. They are made by parsing (at a boundary) or by
 * `newId`; inside, the type is trusted.
 */
import type { Random } from "./env.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A node's identity, for as long as it keeps its data folder: 32 hex digits. */
export type NodeId = Branded<"NodeId">;
/** One copy of a service for its whole life, whatever node runs it: 16 hex digits. */
export type InstanceId = Branded<"InstanceId">;
/** `group/service`, or the one name of a lone service. Each part is a DNS label. */
export type ServiceName = Branded<"ServiceName">;

/** A DNS label (RFC 1123): 1 to 63 of a–z, 0–9 and hyphen, neither first nor last a hyphen. */
export const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function asNodeId(text: string): NodeId {
  return text as NodeId;
}

export function asInstanceId(text: string): InstanceId {
  return text as InstanceId;
}

export function asServiceName(text: string): ServiceName {
  return text as ServiceName;
}

/** `bytes` random bytes as lower-case hex. */
export function newId(random: Random, bytes: number): string {
  return Buffer.from(Array.from({ length: bytes }, () => random() * 256)).toString("hex");
}

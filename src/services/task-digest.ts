/**
 * Tells whether a new spec needs a new task: only what the task itself was started with counts.
 * How it is restarted, stopped, logged or ordered can change under it.
 */
import { createHash } from "node:crypto";
import { isNothing, resourcesToJson } from "../core/resources.ts";
import { canonicalText } from "./plain-data.ts";
import type { ServiceSpec } from "./spec.ts";
import { volumesToJson } from "./volumes.ts";

/** 16 hex digits; equal for specs whose tasks are alike. */
export function taskDigest(spec: ServiceSpec): string {
  const { provider, params, env, ports, volumes, resources } = spec;
  const started = [provider, params, env];
  if (Object.keys(ports).length > 0) started.push(ports);
  if (volumes.length > 0) started.push({ volumes: volumesToJson(volumes) });
  if (!isNothing(resources)) started.push({ resources: resourcesToJson(resources) });
  return createHash("sha256").update(canonicalText(started)).digest("hex").slice(0, 16);
}

/**
 * A task runs from the moment its process is there; whether it stays is seen a moment later. So what
 * a user just started is looked at once more before it is told: a script that fails at once does not
 * pass for running.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { DeployResult } from "../api/results.ts";
import type { InstanceView } from "../api/shapes.ts";
import type { Client } from "./client.ts";

/** Longer than a mistyped command takes to fail; short enough to wait for at each deploy. */
const lookAgainMs = 300;

/** `client.deploy`, each changed instance in the state it has a moment later, and why. */
export async function deployAndLook(
  client: Pick<Client, "deploy" | "services">,
  documents: readonly unknown[],
): Promise<DeployResult[]> {
  const results = await client.deploy(documents);
  if (results.every(({ result }) => result === "unchanged")) return results;
  await delay(lookAgainMs);
  const services = await client.services();
  return results.map((result) => ({
    ...result,
    instances: result.instances.map((instance) => latest(instance, services)),
  }));
}

type Deployed = DeployResult["instances"][number];

function latest(deployed: Deployed, services: readonly InstanceView[]): Deployed {
  const seen = services.find(({ name, slot }) => name === deployed.name && slot === deployed.slot);
  if (seen === undefined) return deployed;
  const { name, slot, node, state, reason, exit } = seen;
  const why = { ...(reason !== undefined && { reason }), ...(exit !== undefined && { exit }) };
  return { name, slot, node, state, ...why };
}

/** What users of a simulated network are told. */
import assert from "node:assert/strict";
import type { InstanceInfo } from "../../src/actors/service-view.ts";
import type { Simulation } from "../../src/simulator/simulation.ts";

/** The only instance of a service, as the node of a machine tells of it. */
export function instanceOf(simulation: Simulation, machine: string, service: string): InstanceInfo {
  const [instance, ...others] = simulation.operations(machine).service(service).instances;
  assert.ok(instance !== undefined && others.length === 0, `${service} has one instance`);
  return instance;
}

/**
 * The part of a node that keeps services alive: what decides where they run, what admits them here, the
 * supervisors of the instances here, and the agent that starts and ends those. `one_for_all`: what the
 * agent knows of the supervisors of instances, and the ledger of the instances, is true only as long as
 * all of them live. None of it touches a task.
 */
import { type AgentOptions, agent } from "../actors/agent.ts";
import { type ControllerOptions, controller } from "../actors/controller.ts";
import { type LedgerOptions, ledger } from "../actors/ledger.ts";
import { names } from "../actors/names.ts";
import { type VolumeKeeperOptions, volumeKeeper } from "../actors/volume-keeper.ts";
import type { ActorDefinition } from "../otp/definition.ts";
import { dynamicSupervisor } from "../otp/dynamic-supervisor.ts";
import { supervisor } from "../otp/supervisor.ts";
import { worker } from "../otp/worker.ts";

export interface SupervisorOptions {
  readonly controller: ControllerOptions;
  readonly ledger: LedgerOptions;
  readonly volumeKeeper: VolumeKeeperOptions;
  readonly agent: AgentOptions;
}

export function lifeSupervisor(options: SupervisorOptions): ActorDefinition {
  return supervisor({
    strategy: "one_for_all",
    intensity: 5,
    periodMs: 10_000,
    children: [
      {
        id: "controller",
        start: worker({
          name: names.controller,
          behaviour: () => controller(options.controller),
        }),
      },
      {
        id: "ledger",
        start: worker({ name: names.ledger, behaviour: () => ledger(options.ledger) }),
      },
      {
        id: "volume-keeper",
        start: worker({
          name: names.volumeKeeper,
          behaviour: () => volumeKeeper(options.volumeKeeper),
        }),
      },
      {
        id: "services",
        start: dynamicSupervisor({ name: names.services }),
      },
      {
        id: "agent",
        start: worker({ name: names.agent, behaviour: () => agent(options.agent) }),
      },
    ],
  });
}

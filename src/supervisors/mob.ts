/**
 * The whole node. `rest_for_one`: without the peer's network information nothing else can be right;
 * a crash of the interface touches no one.
 */
import { type ExecutorOptions, executor } from "../actors/executor.ts";
import { inspector } from "../actors/inspector.ts";
import { type JanitorOptions, janitor } from "../actors/janitor.ts";
import { type MeterOptions, meter } from "../actors/meter.ts";
import { names } from "../actors/names.ts";
import { type ProviderWatchOptions, providerWatch } from "../actors/provider-watch.ts";
import type { ActorDefinition, ChildSpec } from "../otp/definition.ts";
import { supervisor } from "../otp/supervisor.ts";
import { worker } from "../otp/worker.ts";
import { type PeerOptions, peerSupervisor } from "./peer.ts";
import { lifeSupervisor, type SupervisorOptions } from "./supervisor.ts";

export interface MobOptions {
  readonly peer: PeerOptions;
  readonly supervisor: SupervisorOptions;
  readonly providerWatch: ProviderWatchOptions;
  readonly janitor: JanitorOptions;
  readonly executor: ExecutorOptions;
  readonly meter: MeterOptions;
  /** What people talk to: a node runs without it. */
  readonly interface: readonly ChildSpec[];
}

export function mobSupervisor(options: MobOptions): ActorDefinition {
  return supervisor({
    name: names.mob,
    strategy: "rest_for_one",
    intensity: 3,
    periodMs: 30_000,
    children: [
      { id: "peer", start: peerSupervisor(options.peer) },
      { id: "supervisor", start: lifeSupervisor(options.supervisor) },
      {
        id: "provider-watch",
        start: worker({
          name: names.providerWatch,
          behaviour: () => providerWatch(options.providerWatch),
        }),
      },
      { id: "inspector", start: worker({ name: names.inspector, behaviour: inspector }) },
      {
        id: "janitor",
        start: worker({ name: names.janitor, behaviour: () => janitor(options.janitor) }),
      },
      {
        id: "executor",
        start: worker({ name: names.executor, behaviour: () => executor(options.executor) }),
      },
      {
        id: "meter",
        start: worker({ name: names.meter, behaviour: () => meter(options.meter) }),
      },
      ...interfaceChild(options.interface),
    ],
  });
}

function interfaceChild(children: readonly ChildSpec[]): readonly ChildSpec[] {
  if (children.length === 0) return [];
  return [
    {
      id: "interface",
      start: supervisor({ strategy: "one_for_one", intensity: 5, periodMs: 10_000, children }),
    },
  ];
}

/**
 * The part of a node that holds network information. `rest_for_one`: membership is nothing without
 * connections, and the port is opened last, when everyone who is told of a peer is there.
 */
import { type KeyKeeperOptions, keyKeeper } from "../actors/key-keeper.ts";
import { type ListenerOptions, listener } from "../actors/listener.ts";
import { names } from "../actors/names.ts";
import { ringMember } from "../actors/ring-member.ts";
import type { RingMemberOptions } from "../actors/ring-member-protocol.ts";
import { type StoreOptions, store } from "../actors/store.ts";
import type { ActorDefinition } from "../otp/definition.ts";
import { dynamicSupervisor } from "../otp/dynamic-supervisor.ts";
import { supervisor } from "../otp/supervisor.ts";
import { worker } from "../otp/worker.ts";

export interface PeerOptions {
  readonly ringMember: RingMemberOptions;
  readonly store: StoreOptions;
  readonly keyKeeper: KeyKeeperOptions;
  readonly listener: ListenerOptions;
}

/** Messages of membership and store that may wait: bursts of a large network fit. */
const mailboxMax = 100_000;

export function peerSupervisor(options: PeerOptions): ActorDefinition {
  return supervisor({
    strategy: "rest_for_one",
    intensity: 5,
    periodMs: 10_000,
    children: [
      { id: "connections", start: dynamicSupervisor({ name: names.connections }) },
      {
        id: "shards",
        start: dynamicSupervisor({ name: names.shards, intensity: 10, periodMs: 10_000 }),
      },
      {
        id: "store",
        start: worker({ name: names.store, mailboxMax, behaviour: () => store(options.store) }),
      },
      {
        id: "key-keeper",
        start: worker({ name: names.keyKeeper, behaviour: () => keyKeeper(options.keyKeeper) }),
      },
      {
        id: "ring-member",
        start: worker({
          name: names.ringMember,
          mailboxMax,
          behaviour: () => ringMember(options.ringMember),
        }),
      },
      {
        id: "listener",
        start: worker({ name: names.listener, behaviour: () => listener(options.listener) }),
      },
    ],
  });
}

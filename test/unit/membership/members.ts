/** What the tests of membership share: records, and networks of nodes that know each other. */
import type { MemberRecord, MemberState } from "../../../src/membership/view.ts";
import { idOf } from "../../../src/simulator/member-host.ts";
import { MemberNetwork, type MemberNetworkOptions } from "../../../src/simulator/member-network.ts";

export function record(number: number, more: Partial<MemberRecord> = {}): MemberRecord {
  const facts = { providers: [], labels: {}, version: "0" };
  const address = `10.0.0.${number}:1`;
  const known = { id: idOf(number), name: `node-${number}`, address, incarnation: 1, facts };
  return { ...known, state: "alive", ...more };
}

/** All `size` nodes run and are connected. */
export function settled(
  size: number,
  options: Omit<Partial<MemberNetworkOptions>, "size"> = {},
): MemberNetwork {
  const network = new MemberNetwork({ seed: 1, size, ...options });
  network.startAll();
  network.run(5_000);
  return network;
}

/** What every other running node says of one. */
export function statesOf(
  network: MemberNetwork,
  about: number,
): readonly (MemberState | undefined)[] {
  const others = network.running.filter(({ number }) => number !== about);
  return others.map(({ number }) => network.member(number, about)?.state);
}

export function areAll(states: readonly (MemberState | undefined)[], state: MemberState): boolean {
  return states.length > 0 && states.every((is) => is === state);
}

/** Each running node's view, without what each counts for itself. */
export function views(network: MemberNetwork): readonly string[] {
  return network.running.map(({ number }) => {
    const { members } = network.state(number).view;
    return JSON.stringify(members.map(({ id, incarnation, state }) => [id, incarnation, state]));
  });
}

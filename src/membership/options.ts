/**
 * Every number of the membership protocol, with its formula and what it trades. The names of the presets
 * and most formulas are memberlist's; the protocol is SWIM (Das, Gupta, Motivala 2002) with Lifeguard
 * (Dadgar, Phillips, Currey 2017). docs/membership.md has the same as a table.
 */
export interface MembershipOptions {
  /** Time between two probes of a node; lan 500. Shorter finds the dead sooner; costs 2 messages each. */
  readonly probeMs: number;
  /**
   * Wait for an answer before others are asked to try; lan 200. Above the round trip's p99: shorter asks
   * others in vain, longer leaves them less of `probeMs`.
   */
  readonly probeTimeoutMs: number;
  /** Others asked to try; lan 3. More bridges more broken links; 4 messages each, after a failure alone. */
  readonly indirectProbes: number;
  /** Time between two rounds of gossip while there is any; lan 100. Shorter spreads sooner. */
  readonly gossipMs: number;
  /** Nodes told in a round; lan 3. */
  readonly gossipNodes: number;
  /**
   * News is sent min(2·(N−1), retransmitFactor·⌈log10(N+1)⌉) times by each node; lan 4. More reaches
   * everyone for sure, fewer leaves more to push-pull.
   */
  readonly retransmitFactor: number;
  /** News in one message; lan 8. */
  readonly newsMax: number;
  /**
   * Least time of suspicion: suspicionFactor·max(1, log10 N)·probeMs; lan 6. Less finds the dead sooner;
   * more forgives longer stalls (3 s at up to 10 nodes with lan).
   */
  readonly suspicionFactor: number;
  /** Most time of suspicion, in least times, while no other node confirms; lan 6. */
  readonly suspicionStretch: number;
  /** Confirmations after which the least time applies, at most as many as there are others not suspected; lan 3. */
  readonly confirmations: number;
  /** Highest score of the own health, which stretches probeMs and probeTimeoutMs score+1 times; lan 8. */
  readonly healthMax: number;
  /** A timer this late tells that this node is busy, and accuses no one; lan 100. */
  readonly lateMs: number;
  /** A verdict that is due waits this much longer, so that what has arrived is heard first; lan 20. */
  readonly lateRestMs: number;
  /** Time between two exchanges with a random node, times 1+⌈log2(N/32)⌉ above 32 nodes; lan 30,000. */
  readonly pushPullMs: number;
  /**
   * Time for which all who answer know something else before one of them is asked for it; lan 2,000.
   * Above the time in which gossip reaches everyone: shorter asks for what is on its way already.
   */
  readonly differMs: number;
  /** Deaths of so long are one change of the view; lan 300. Longer has fewer changes, later. */
  readonly gatherMs: number;
  /** Nodes, at most those there are, that must see a process gone for it to be away; lan 2. */
  readonly awayWitnesses: number;
  /** An away node whose host does not refuse any more for so long is dead; lan 8,000. */
  readonly awaySilenceMs: number;
  /** A connection over which nothing has come for so long, though others reach the node, is made anew; lan 8,000. */
  readonly linkSilenceMs: number;
  /** Time until a failed dial of a live node, one just away, or a join, is repeated; lan 1,000. */
  readonly redialMs: number;
  /** The same for the dead, for 10 minutes; then a 120th of the time since they died; lan 5,000. */
  readonly redialDeadMs: number;
  /** Most time between two dials of a dead node, for ever; lan 60,000. Partitions heal within it. */
  readonly redialMsMax: number;
  /** Head start of the smaller id's dial, which is the one to stay if both dial; lan 300. */
  readonly headStartMs: number;
  /** Deaths within `flapWithinMs` that mark a node as flapping; lan 3. */
  readonly flapDeaths: number;
  /** Time within which those deaths count; lan 300,000. */
  readonly flapWithinMs: number;
  /** Time alive after which the mark is taken back; lan 60,000. */
  readonly flapStableMs: number;
  /**
   * Up to so many peers everyone is connected with everyone; lan 128. Above that with half as many by
   * chance, two on each side of the ring, and whomever there is something for. More costs some 50 KB a
   * connection and end; fewer makes more hops and more connections on demand.
   */
  readonly meshPeersMax: number;
  /**
   * Connections on demand that are kept when they have not been used for `idleMs`: 0. So many at most are
   * kept in all, the last used ones; lan 128.
   */
  readonly onDemandMax: number;
  /** A connection on demand that carries nothing for so long is closed; lan 60,000. */
  readonly idleMs: number;
}

const lan: MembershipOptions = {
  probeMs: 500,
  probeTimeoutMs: 200,
  indirectProbes: 3,
  gossipMs: 100,
  gossipNodes: 3,
  retransmitFactor: 4,
  newsMax: 8,
  suspicionFactor: 6,
  suspicionStretch: 6,
  confirmations: 3,
  healthMax: 8,
  lateMs: 100,
  lateRestMs: 20,
  pushPullMs: 30_000,
  differMs: 2_000,
  gatherMs: 300,
  awayWitnesses: 2,
  awaySilenceMs: 8_000,
  linkSilenceMs: 8_000,
  redialMs: 1_000,
  redialDeadMs: 5_000,
  redialMsMax: 60_000,
  headStartMs: 300,
  flapDeaths: 3,
  flapWithinMs: 300_000,
  flapStableMs: 60_000,
  meshPeersMax: 128,
  onDemandMax: 128,
  idleMs: 60_000,
};

/**
 * `lan`: one site, the default. `wan`: sites apart, round trips up to half a second; finds the dead
 * about five times later. `local`: nodes of one machine, where what is late is the machine's doing;
 * forgives stalls twice as long and spreads news sooner.
 */
export const presets = {
  lan,
  wan: {
    ...lan,
    probeMs: 2_500,
    probeTimeoutMs: 1_200,
    gossipMs: 300,
    lateMs: 300,
    pushPullMs: 60_000,
    differMs: 8_000,
    linkSilenceMs: 20_000,
    gatherMs: 1_000,
    headStartMs: 1_500,
  },
  local: { ...lan, gossipMs: 50, gossipNodes: 4, suspicionFactor: 12, pushPullMs: 15_000 },
} as const satisfies Record<string, MembershipOptions>;

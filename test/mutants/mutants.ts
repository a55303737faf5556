/**
 * Real bugs, planted one at a time to see that the simulator finds them (`npm run mutants`). Each is a
 * text that is in its file exactly once, and what stands there instead; a test holds that, so a change
 * of the code that moves a mutant's place has to move the mutant too.
 */
export interface Mutant {
  readonly name: string;
  /** From the root of the checkout. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: "flush-skipped",
    file: "src/actors/durability.ts",
    find: "      await flush;",
    replace: "await Promise.resolve();",
  },
  {
    name: "flush-failure-hidden",
    file: "src/actors/durability.ts",
    find: "      this.#failure = error;\n      throw error;",
    replace: "      this.#failure = undefined;",
  },
  {
    name: "replica-acknowledges-before-its-flush",
    file: "src/actors/store-shard.ts",
    find: "  state.options.durability.flush().then(",
    replace: "  Promise.resolve(void state.options.durability.flush().catch(() => {})).then(",
  },
  {
    name: "quorum-of-one",
    file: "src/store/writing.ts",
    find: "  if (2 * acks.length > targets.length) {",
    replace: "  if (acks.length >= 1) {",
  },
  {
    name: "acknowledged-in-the-name-of-all",
    file: "src/store/writing.ts",
    find: "  const acks = targets.filter((node) => write.acks.has(node));",
    replace: "  const acks = targets.filter(() => true);",
  },
  {
    name: "older-write-wins",
    file: "src/store/register.ts",
    find: "return compareStamps(a.stamp, b.stamp) >= 0 ? a : b;",
    replace: "return compareStamps(a.stamp, b.stamp) <= 0 ? a : b;",
  },
  {
    name: "origin-does-not-order",
    file: "src/store/hlc.ts",
    find: "  return a.origin < b.origin ? -1 : 1;",
    replace: "  return 1;",
  },
  {
    name: "clock-forgets-what-it-saw",
    file: "src/store/replica.ts",
    find: "  replica.clock = seenTime(replica.clock, register.stamp);",
    replace: "  replica.clock = seenTime(clockZero, clockZero);",
  },
  {
    name: "merge-not-persisted",
    file: "src/store/merging.ts",
    find: '    { kind: "changed", registers },\n    { kind: "persist", registers },',
    replace: '    { kind: "changed", registers },',
  },
  {
    name: "merge-not-shown",
    file: "src/store/merging.ts",
    find: '    { kind: "changed", registers },\n    { kind: "persist", registers },',
    replace: '    { kind: "persist", registers },',
  },
  {
    name: "tombstone-dropped-at-once",
    file: "src/actors/store-shard.ts",
    find: "for (const register of effect.registers) putRegister(storage, state.shard, register);",
    replace:
      "for (const register of effect.registers) if (register.value !== undefined) putRegister(storage, state.shard, register);",
  },
  {
    name: "digest-counts-nothing-out",
    file: "src/store/replica.ts",
    find: "  if (held !== undefined) addToDigest(replica.digest, held, -1);\n  addToDigest(replica.digest, register, 1);",
    replace: "  addToDigest(replica.digest, register, 1);",
  },
  {
    name: "roots-always-alike",
    file: "src/actors/store-shard.ts",
    find: "options.shards.hold(shard, replica.digest,",
    replace: "options.shards.hold(shard, new Uint32Array(replica.digest.length),",
  },
  {
    name: "boot-counter-stands-still",
    file: "src/node/identity.ts",
    find: "boot: (last?.boot ?? 0) + 1 }",
    replace: "boot: last?.boot ?? 1 }",
  },
  {
    name: "boot-counter-not-flushed",
    file: "src/node/identity.ts",
    find: "boot: (last?.boot ?? 0) + 1 };\n  storage.put(key, new TextEncoder().encode(JSON.stringify(identity)));\n  await storage.flush();",
    replace:
      "boot: (last?.boot ?? 0) + 1 };\n  storage.put(key, new TextEncoder().encode(JSON.stringify(identity)));",
  },
  {
    name: "old-incarnation-accepted",
    file: "src/membership/view.ts",
    find: "  if (told.incarnation !== held.incarnation) return told.incarnation > held.incarnation;",
    replace: "  if (told.incarnation !== held.incarnation) return true;",
  },
  {
    name: "accusation-not-refuted",
    file: "src/membership/refutation.ts",
    find: "  worsen(state, 1);\n  sayAnew(turn, {});",
    replace: "  worsen(state, 1);",
  },
  {
    name: "death-without-suspicion",
    file: "src/membership/suspicion.ts",
    find: "    if (endMs > nowMs) continue;",
    replace: "    if (suspicion.sinceMs > nowMs) continue;",
  },
  {
    name: "nobody-is-ever-dead",
    file: "src/membership/suspicion.ts",
    find: '    const dead: MemberRecord = { ...held, state: "dead" };',
    replace: '    const dead: MemberRecord = { ...held, state: "suspect" };',
  },
  {
    name: "removal-not-final",
    file: "src/actors/group-table.ts",
    find: "else this.#remove(key.group, parseRemoved(value).uid);",
    replace: "else parseRemoved(value);",
  },
  {
    name: "watch-tells-twice",
    file: "src/store/watching.ts",
    find: "    if (seen !== undefined && compareStamps(stamp, seen.stamp) <= 0) continue;",
    replace: "    if (seen !== undefined && compareStamps(stamp, seen.stamp) < 0) continue;",
  },
  {
    name: "watch-begins-with-what-comes",
    file: "src/actors/record-watch.ts",
    find: "  #mustLook = true;",
    replace: "  #mustLook = false;",
  },
  {
    name: "everyone-decides",
    file: "src/actors/ownership.ts",
    find: "  return ownerOf(view, name) === node;",
    replace: "  return ownerOf(view, name) !== undefined || node === name;",
  },
  {
    name: "nothing-is-passed-on",
    file: "src/store/shard.ts",
    find: "[...passOn(message, state.place.acting), ...onDelta(state, from, message, now)]",
    replace: "onDelta(state, from, message, now)",
  },
  {
    name: "purge-without-those-behind-others",
    file: "src/store/purging.ts",
    find: "  if (confirmed !== purge.nodes || !purge.confirmed.has(replica.self)) return [];",
    replace: "  if (!purge.confirmed.has(replica.self)) return [];",
  },
  {
    name: "dead-node-keeps-its-instances",
    file: "src/services/loss.ts",
    find: '    case "dead":\n      return 0;',
    replace: '    case "dead":\n      return undefined;',
  },
  {
    name: "requirements-not-waited-for",
    file: "src/services/dependencies.ts",
    find: '  if (dependency === undefined) return "is not deployed";',
    replace: "  if (dependency === undefined) return undefined;",
  },
];

import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "../../../src/core/ids.ts";
import type { ShardId } from "../../../src/ring/ranking.ts";
import type { RepairEffect, RepairEvent } from "../../../src/store/comparing.ts";
import { topOf } from "../../../src/store/digest.ts";
import type { Stamp } from "../../../src/store/hlc.ts";
import {
  answerMsMax,
  compareMs,
  comparisonsMax,
  isFresh,
  meetingMsMax,
  type RepairState,
  startRepair,
  stepRepair,
} from "../../../src/store/repair.ts";
import { nodeId, StoreNetwork } from "./network.ts";

const peer = nodeId(1);
const other = nodeId(2);
const shardsOf = (count: number) => Array.from({ length: count }, (_, n) => n as ShardId);
const rootsOf = (count: number) => shardsOf(count).map((one) => ({ shard: one, root: "r" }));

class Course {
  readonly state: RepairState = startRepair(0);
  nowMs = 0;
  /** Of this node's own. */
  horizon: Stamp | undefined;

  feed(event: RepairEvent): readonly RepairEffect[] {
    return stepRepair(this.state, event, { roots: new Map(), horizon: this.horizon }, this.nowMs);
  }

  /** Shards whose comparison this event begins. */
  begun(event: RepairEvent): readonly ShardId[] {
    return this.feed(event).flatMap((it) => (it.kind === "compare" ? [it.shard] : []));
  }

  told(from: NodeId, count: number): RepairEvent {
    const message = { kind: "store-roots", isSame: count === 0, roots: rootsOf(count) } as const;
    return { kind: "received", from, message };
  }

  isFresh(one: number): boolean {
    return isFresh(this.state, one as ShardId, this.nowMs);
  }
}

test("a peer that comes is asked at once, and nothing is fresh until it has answered", () => {
  const course = new Course();
  assert.ok(course.isFresh(3));
  assert.deepEqual(course.feed({ kind: "live", peers: [peer] }), [
    { kind: "send", to: peer, message: { kind: "store-digest", hash: topOf([]) } },
  ]);
  assert.equal(course.isFresh(3), false);
  assert.deepEqual(course.feed(course.told(peer, 0)), [{ kind: "fresh" }]);
  assert.ok(course.isFresh(3));
});

test("of what differs a few shards at a time are compared, and each is fresh when it is done", () => {
  const course = new Course();
  course.feed({ kind: "live", peers: [peer] });
  const total = comparisonsMax + 2;
  const running = [...course.begun(course.told(peer, total))];
  assert.equal(running.length, comparisonsMax);
  assert.ok(course.isFresh(total), "what is alike needs no comparison");
  let compared = 0;
  for (let next = running.shift(); next !== undefined; next = running.shift()) {
    assert.equal(course.isFresh(next), false);
    running.push(...course.begun({ kind: "compared", peer, shard: next }));
    assert.ok(course.isFresh(next));
    assert.ok(running.length <= comparisonsMax);
    compared++;
  }
  assert.equal(compared, total);
  assert.equal(course.state.courses.size, 0);
});

test("a shard that someone waits for is compared before its turn", () => {
  const course = new Course();
  course.feed({ kind: "live", peers: [peer] });
  const total = 3 * comparisonsMax;
  course.feed(course.told(peer, total));
  const last = (total - 1) as ShardId;
  assert.deepEqual(course.begun({ kind: "hurry", shard: last }), [last]);
  assert.deepEqual(course.begun({ kind: "hurry", shard: last }), [], "once");
});

test("a peer that does not answer is asked again, and holds nothing up for ever", () => {
  const course = new Course();
  course.feed({ kind: "live", peers: [peer] });
  course.nowMs = answerMsMax;
  const again = course.feed({ kind: "tick", draw: 0 });
  assert.equal(again.length, 1);
  assert.equal(course.isFresh(1), false);
  course.nowMs = meetingMsMax;
  assert.ok(course.isFresh(1));
});

test("a comparison that is not answered is begun again", () => {
  const course = new Course();
  course.feed({ kind: "live", peers: [peer] });
  course.feed(course.told(peer, 1));
  course.nowMs = answerMsMax;
  assert.deepEqual(course.begun({ kind: "tick", draw: 0 }), [0]);
});

test("of a peer that is gone nothing is waited for; back, it is asked anew", () => {
  const course = new Course();
  course.feed({ kind: "live", peers: [peer, other] });
  course.feed(course.told(other, 0));
  assert.equal(course.isFresh(1), false);
  assert.deepEqual(course.feed({ kind: "live", peers: [other] }), [{ kind: "fresh" }]);
  assert.ok(course.isFresh(1));
  assert.equal(course.feed({ kind: "live", peers: [peer, other] }).length, 1);
  assert.equal(course.isFresh(1), false);
});

test("whoever has connected and is in no view holds nothing up", () => {
  const course = new Course();
  course.feed({ kind: "peer-up", peer });
  assert.ok(course.isFresh(1));
});

test("one random peer is compared with every 10 s, whatever is found holds nothing up", () => {
  const course = new Course();
  course.feed({ kind: "live", peers: [peer, other] });
  course.feed(course.told(peer, 0));
  course.feed(course.told(other, 0));
  course.nowMs = compareMs - 1;
  assert.deepEqual(course.feed({ kind: "tick", draw: 0.9 }), []);
  course.nowMs = compareMs;
  const [asked, ...more] = course.feed({ kind: "tick", draw: 0.9 });
  assert.deepEqual(more, []);
  assert.ok(asked?.kind === "send" && asked.to === other);
  assert.deepEqual(course.begun(course.told(other, 1)), [0]);
  assert.ok(course.isFresh(0));
});

test("what a peer knows to be forgotten is known here once all that it holds is here", () => {
  const stamp = { wall: 7, counter: 0, origin: other };
  const course = new Course();
  const told = (count: number): RepairEvent => {
    const event = course.told(peer, count);
    assert.ok(event.kind === "received" && event.message.kind === "store-roots");
    return { ...event, message: { ...event.message, horizon: stamp } };
  };
  course.feed({ kind: "live", peers: [peer] });
  const known = { kind: "horizon", stamp };
  assert.ok(course.feed(told(1)).every(({ kind }) => kind !== "horizon"));
  const compared = { kind: "compared", peer, shard: 0 as ShardId } as const;
  assert.deepEqual(course.feed(compared), [known, { kind: "fresh" }]);
  assert.deepEqual(course.feed(told(0)), [known], "held alike, and no course was needed");
});

test("what is forgotten is told by who has met all but the one who asks", () => {
  const course = new Course();
  course.horizon = { wall: 7, counter: 0, origin: other };
  course.feed({ kind: "live", peers: [peer, other] });
  const told = () => {
    const message = { kind: "store-digest", hash: "h" } as const;
    const [answer] = course.feed({ kind: "received", from: peer, message });
    assert.ok(answer?.kind === "send" && answer.message.kind === "store-roots");
    return answer.message.horizon;
  };
  assert.equal(told(), undefined);
  course.feed(course.told(other, 0));
  assert.equal(told(), course.horizon);
});

test("a node that has missed writes is not fresh until it has them", () => {
  const network = new StoreNetwork(3);
  network.partition((n) => n === 2);
  network.node(0).write("k", 1);
  network.settle();
  const back = network.node(2);
  network.cut.clear();
  network.meet();
  assert.equal(back.isFresh, false);
  while (!back.isFresh) {
    const delivered = network.nodes.map((node) => network.deliver(node));
    assert.ok(delivered.includes(true), "nothing more comes, and it waits");
  }
  assert.ok(back.state.replica.registers.has("k"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asInstanceId } from "../../../../src/core/ids.ts";
import {
  domainName,
  noteText,
  parseDomainName,
  parseNote,
} from "../../../../src/providers/xen/domain-name.ts";

const digits = (length: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => text.length === length);

test("a domain's name tells its task, whichever it is", () => {
  fc.assert(
    fc.property(digits(12), digits(16), fc.nat(), (keeper, id, attempt) => {
      const task = { keeper, instance: asInstanceId(id), attempt };
      assert.deepEqual(parseDomainName(domainName(task)), task);
    }),
  );
});

test("what has another name is no domain of Mob's", () => {
  const others = ["Domain-0", "mob-web", `mob-${"0".repeat(12)}-${"0".repeat(16)}-1x`, ""];
  assert.deepEqual(others.map(parseDomainName), Array(4).fill(undefined));
});

test("what is noted of a domain comes back as it was, in letters that no shell looks at", () => {
  const text = fc.string({ unit: "grapheme" });
  const owner = fc.record({
    folder: text,
    host: text,
    node: text,
    service: text,
    startedAt: fc.nat(),
  });
  fc.assert(
    fc.property(owner, (owner) => {
      const note = noteText(owner);
      assert.match(note, /^[\w+/]+=*$/);
      assert.deepEqual(parseNote(note), { ...owner });
    }),
  );
});

test("a note that is none tells nothing, and one of other things no more than it may", () => {
  assert.deepEqual(["", "!", "bnVsbA=="].map(parseNote), [{}, {}, {}]);
  const other = Buffer.from('{"folder":7,"host":"h","startedAt":"now","extra":"x"}');
  assert.deepEqual(parseNote(other.toString("base64")), { host: "h" });
});

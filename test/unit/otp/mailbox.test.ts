import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Mailbox } from "../../../src/otp/mailbox.ts";

/** Long, and with more puts than takes, so that the ring wraps around and grows. */
const mixes = fc.array(
  fc.nat(4).map((n) => n > 1),
  { maxLength: 300, size: "max" },
);

test("gives back what was put in, in order, whatever the mix of puts and takes", () => {
  fc.assert(
    fc.property(mixes, (puts) => {
      const mailbox = new Mailbox<number>();
      const model: number[] = [];
      for (const [i, put] of puts.entries()) {
        if (put) {
          mailbox.push(i);
          model.push(i);
        } else {
          assert.equal(mailbox.shift(), model.shift());
        }
        assert.equal(mailbox.length, model.length);
      }
    }),
  );
});

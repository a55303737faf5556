/** A stream of JSON values, a line each: events and the progress of pulls. */

/** Longer lines are none of an engine's. */
const lineBytesMax = 1 << 20;

/** @throws SyntaxError for a line that is no JSON; RangeError for one over 1 MiB */
export async function* jsonLines(stream: AsyncIterable<Uint8Array>): AsyncIterable<unknown> {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.subarray(0, end).toString().trim();
      rest = rest.subarray(end + 1);
      if (line !== "") yield JSON.parse(line);
    }
    if (rest.length > lineBytesMax) throw new RangeError("a line of the engine's is too long");
  }
}

/**
 * Reads a watch: a line of JSON a change, an empty one where there was none for a while. What sends
 * neither is gone, whatever its connection looks like.
 */
import { errorIn } from "../api/error-envelope.ts";
import { watchBeatMs } from "../api/paths.ts";
import type { ServiceChange } from "../api/watch-shapes.ts";
import { RemoteError, Unreachable } from "../core/errors.ts";

/** A node that is as late as this is not waited for: it may stand still, or its host be gone. */
const silentMsMax = 4 * watchBeatMs;

/**
 * The changes of each piece that came. `silent` ends a stream in which nothing came for too long.
 * @throws RemoteError as sent, Unreachable for what cannot be read or has gone silent
 */
export async function* decodeChanges(
  body: AsyncIterable<Buffer> | Iterable<Buffer>,
  silent: () => void,
): AsyncGenerator<readonly ServiceChange[]> {
  const decoder = new TextDecoder();
  let begun = "";
  let timer = setTimeout(silent, silentMsMax);
  try {
    for await (const bytes of body) {
      clearTimeout(timer);
      const lines = (begun + decoder.decode(bytes, { stream: true })).split("\n");
      begun = lines.pop() ?? "";
      yield* changesIn(lines);
      timer = setTimeout(silent, silentMsMax);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** All of one piece at once; an error ends it, after what came before. */
function* changesIn(lines: readonly string[]): Generator<readonly ServiceChange[]> {
  const changes: ServiceChange[] = [];
  for (const line of lines) {
    if (line === "") continue;
    const parsed = parseJson(line);
    const error = errorIn(parsed);
    if (error === undefined) changes.push(parsed as ServiceChange);
    else {
      if (changes.length > 0) yield changes;
      throw new RemoteError(error);
    }
  }
  if (changes.length > 0) yield changes;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Unreachable("the watch cannot be read: what answers speaks something else", {
      cause,
    });
  }
}

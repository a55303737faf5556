/** A container's log, as the engine's API tells it. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import type { Engine } from "./engine.ts";
import { LogFrames } from "./log-frames.ts";
import { after, type LogPosition, logBeginning, toAsk } from "./log-position.ts";
import type { LogPiece, LogSource } from "./log-source.ts";

const count = Type.Integer({ minimum: 0 });
const isPosition = Compile(
  Type.Object({
    entries: count,
    recent: Type.Array(Type.Object({ second: Type.Integer(), entries: count }), { maxItems: 16 }),
    isClockUnsure: Type.Boolean(),
  }),
);

/** @param container its id */
export function engineLog(engine: Engine, container: string): LogSource<LogPosition> {
  return {
    parse: (stored) => (isPosition.Check(stored) ? stored : undefined),
    /** The engine ends it by itself once the container has ended; so it always follows. */
    async *read(from = logBeginning, _follow, signal): AsyncIterable<LogPiece<LogPosition>> {
      const { second, known } = toAsk(from);
      const frames = new LogFrames();
      let position = from;
      let toSkip = known;
      for await (const chunk of await engine.log(container, second, signal)) {
        const young = frames.push(chunk).filter((entry) => entry.second >= second);
        const fresh = young.slice(toSkip);
        toSkip -= young.length - fresh.length;
        if (fresh.length === 0) continue;
        position = fresh.reduce(after, position);
        yield { bytes: Buffer.concat(fresh.map(({ bytes }) => bytes)), position };
      }
    },
  };
}

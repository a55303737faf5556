/** Sums up what an engine tells of a pull, layer by layer, for people: once a second, and not each line. */
import Type from "typebox";
import { Compile } from "typebox/compile";

const isLayer = Compile(
  Type.Object({
    id: Type.String(),
    progressDetail: Type.Object({ current: Type.Number(), total: Type.Number({ minimum: 1 }) }),
  }),
);

/** Least time between two words of it. */
const tellEveryMs = 1_000;

export class PullProgress {
  readonly #layers = new Map<string, { readonly current: number; readonly total: number }>();
  #toldAtMs = Number.NEGATIVE_INFINITY;

  /** What to tell now; undefined: nothing. A layer is loaded and then unpacked, and counts for both. */
  take(line: unknown): string | undefined {
    if (!isLayer.Check(line)) return undefined;
    this.#layers.set(line.id, line.progressDetail);
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < tellEveryMs) return undefined;
    this.#toldAtMs = nowMs;
    const layers = [...this.#layers.values()];
    const current = layers.reduce((sum, layer) => sum + layer.current, 0);
    const total = layers.reduce((sum, layer) => sum + layer.total, 0);
    return `${megabytes(current)} of ${megabytes(total)} MB in ${layers.length} layers`;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** Says what is being waited for, when it takes long enough to wonder, to a person alone. */
import type { Io } from "./io.ts";

const quietMs = 400;
const tickMs = 1_000;

/** Shows `what` with the seconds passed on standard error until `work` has settled. */
export async function withProgress<T>(io: Io, what: string, work: Promise<T>): Promise<T> {
  if (!io.progress) return work;
  const startedAt = Date.now();
  let shown = false;
  const show = () => {
    shown = true;
    io.stderr.write(`\r${what}… ${Math.round((Date.now() - startedAt) / 1000)} s`);
  };
  const first = setTimeout(show, quietMs);
  const ticks = setInterval(show, tickMs);
  try {
    return await work;
  } finally {
    clearTimeout(first);
    clearInterval(ticks);
    if (shown) io.stderr.write("\r\u001b[K"); // Erases the line.
  }
}

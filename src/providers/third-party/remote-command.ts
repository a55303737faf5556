/**
 * A command beside a task of a third party's, as the node has it. Of each of its streams one piece is on
 * the way, so it is no faster than who reads it, or gives it to read. It ends with the provider's process.
 */
import type { ConsoleRequest, ExecRequest, Exit, FoundTask, OutputStream } from "../provider.ts";
import type { CallName, ProviderCalls } from "./messages.ts";
import type { CommandListener, ProviderProcess } from "./provider-process.ts";

/** @throws what the provider throws; Unavailable when its process ends meanwhile */
export async function runCommand(
  process: ProviderProcess,
  found: FoundTask,
  request: ExecRequest<unknown>,
): Promise<Exit> {
  const { command: words, params, env, terminal } = request;
  const size = terminal && { columns: terminal.columns, rows: terminal.rows };
  return await runBeside(process, request, ({ command, hasInput }) => {
    terminal?.onResize(({ columns, rows }) => {
      process.call("resize", { command, size: { columns, rows } }).catch(() => {}); // It has ended.
    });
    const asked = { command, found, words, params, env, hasInput, terminal: size };
    return process.call("exec", asked);
  });
}

/** The same of a task's console. */
export async function runConsole(
  process: ProviderProcess,
  found: FoundTask,
  request: ConsoleRequest,
): Promise<void> {
  const { logs } = request;
  await runBeside(process, request, (own) => process.call("console", { ...own, found, logs }));
}

async function runBeside<Reply>(
  process: ProviderProcess,
  request: Pick<ExecRequest<unknown>, "signal" | "input" | "output">,
  begin: (own: { readonly command: number; readonly hasInput: boolean }) => Promise<Reply>,
): Promise<Reply> {
  const { signal, input } = request;
  const command = process.nextNumber();
  // One that has just ended hears nothing any more, and its end is told by `exec`.
  const say = <M extends CallName>(method: M, said: ProviderCalls[M]["request"]) =>
    void process.call(method, said).catch(() => {});
  const abort = () => say("abort", { command });
  const pieces = input?.[Symbol.asyncIterator]();
  const enough = () => void pieces?.return?.().catch(() => {});
  process.commands.set(command, {
    wrote: writer(request, (stream) => say("taken", { command, stream })),
    wants: reader(pieces, (bytes) => say("give", { command, bytes })),
    enough,
  });
  const ended = begin({ command, hasInput: input !== undefined });
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await ended;
  } finally {
    signal.removeEventListener("abort", abort);
    process.commands.delete(command);
    enough();
  }
}

/** Of one that was given up nothing is taken any more: its own process lets it go on. */
function writer(
  { output, signal }: Pick<ExecRequest<unknown>, "output" | "signal">,
  taken: (stream: OutputStream) => void,
): CommandListener["wrote"] {
  const open = new Set<OutputStream>();
  return ({ bytes, stream }) => {
    if (signal.aborted) return;
    if (open.has(stream)) throw new Error(`it tells of ${stream} before the last piece was taken`);
    open.add(stream);
    const goOn = () => {
      open.delete(stream);
      taken(stream);
    };
    // Settled in whichever way, the next may come.
    void (async () => output(bytes, stream))().then(goOn, goOn);
  };
}

/** What breaks off, ends. */
function reader(
  pieces: AsyncIterator<Uint8Array> | undefined,
  give: (bytes: Uint8Array | undefined) => void,
): CommandListener["wants"] {
  let isWanted = false;
  return () => {
    if (isWanted) throw new Error("it wants to read before it was given the last piece");
    isWanted = true;
    const next = async () => (await pieces?.next())?.value;
    void next()
      .catch(() => undefined)
      .then((bytes) => {
        isWanted = false;
        give(bytes);
      });
  };
}

/**
 * Waits for a new socket's first bytes until they say who speaks. Bytes are read only as far as that
 * takes, and are put back for whoever the socket is for.
 */
import type { Socket } from "node:net";
import { type Speaker, sniff } from "../wire/preface.ts";

/**
 * Calls `decided` once, unless the socket ends first. A socket silent for `timeoutMs`, however slowly
 * it drips, is destroyed. Then the socket is paused, with every byte still to be read.
 */
export function sniffSocket(
  socket: Socket,
  timeoutMs: number,
  decided: (speaker: Speaker) => void,
): void {
  let start: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs).unref();
  const giveUp = () => socket.destroy();

  const take = (chunk: Buffer) => {
    start = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
    const speaker = sniff(start);
    if (speaker === "undecided") return;
    socket.pause();
    stop();
    socket.off("error", giveUp);
    socket.unshift(start);
    decided(speaker);
  };
  const stop = () => {
    clearTimeout(timer);
    socket.off("data", take);
    socket.off("end", giveUp);
    socket.off("close", stop);
  };

  socket.on("data", take);
  socket.on("end", giveUp);
  socket.on("error", giveUp);
  socket.on("close", stop);
  socket.resume();
}

/**
 * The API as an actor: it serves the HTTP sockets that the port hands over for as long as it lives.
 */
import type { Socket } from "node:net";
import type { Commands } from "../api/commands.ts";
import type { ChildSpec } from "../otp/definition.ts";
import type { Behaviour } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import { worker } from "../otp/worker.ts";
import { type Api, createApi } from "./server.ts";
import type { Sessions } from "./sessions.ts";

/** Who hands over the sockets on which the other side speaks HTTP; undefined: they are closed. */
export type ServeHttp = (take: ((socket: Socket) => void) | undefined) => void;

export function apiChild(commands: Commands, serveHttp: ServeHttp, sessions: Sessions): ChildSpec {
  return {
    id: "api",
    start: worker({ name: "api", behaviour: () => apiActor(commands, serveHttp, sessions) }),
    shutdown: 5_000,
  };
}

function apiActor(
  commands: Commands,
  serveHttp: ServeHttp,
  sessions: Sessions,
): Behaviour<Api, Protocol> {
  return {
    async init({ log }) {
      const api = await createApi(commands, log, { sessions });
      serveHttp((socket) => api.take(socket));
      return api;
    },
    handlers: {},
    async terminate(api) {
      serveHttp(undefined);
      await api.close();
    },
  };
}

/**
 * The API as an actor: for as long as it lives, it serves the HTTP sockets that the port hands over,
 * and those of the node's Unix socket.
 */
import type { Socket } from "node:net";
import type { Commands } from "../api/commands.ts";
import type { ChildSpec } from "../otp/definition.ts";
import type { Behaviour } from "../otp/gen-server.ts";
import type { Protocol } from "../otp/protocol.ts";
import { worker } from "../otp/worker.ts";
import type { GateOptions } from "./access.ts";
import { listenLocally } from "./local-socket.ts";
import { type Api, createApi } from "./server.ts";
import type { Sessions } from "./sessions.ts";

/** Who hands over the sockets on which the other side speaks HTTP; undefined: they are closed. */
export type ServeHttp = (
  take: ((socket: Socket, came: { readonly secure: boolean }) => void) | undefined,
) => void;

export interface ApiActorOptions {
  readonly commands: Commands;
  readonly serveHttp: ServeHttp;
  /** Path of the node's Unix socket. */
  readonly socketPath: string;
  readonly gate: GateOptions;
  /** Takes those who attach; default: no one can. */
  readonly sessions?: Sessions;
}

export function apiChild(options: ApiActorOptions): ChildSpec {
  return {
    id: "api",
    start: worker({ name: "api", behaviour: () => apiActor(options) }),
    shutdown: 5_000,
  };
}

function apiActor({
  commands,
  serveHttp,
  socketPath,
  gate,
  sessions,
}: ApiActorOptions): Behaviour<Api, Protocol> {
  return {
    async init(self) {
      // Not `terminate`, which a kill passes over: the next life needs the socket.
      const ended = new Promise<void>((resolve) => {
        self.system.monitor(self.ref, () => resolve());
      });
      const api = await createApi(commands, self.log, gate, sessions && { sessions });
      const local = await listenLocally(socketPath, (socket) => {
        api.take(socket, { kind: "local" });
      });
      serveHttp((socket, { secure }) => api.take(socket, { kind: "tcp", secure }));
      void ended.then(() => local.close());
      return api;
    },
    handlers: {},
    async terminate(api) {
      serveHttp(undefined);
      await api.close();
    },
  };
}

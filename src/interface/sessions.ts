/**
 * The attached sessions of this node: a supervisor of their actors, and who each of them is, for the
 * requests that come through it.
 */
import { openExecution } from "../actors/executions.ts";
import { names } from "../actors/names.ts";
import type { Operations } from "../actors/operations.ts";
import { attachProtocol } from "../api/attach-frames.ts";
import { version } from "../api/version.ts";
import { messageOf } from "../core/errors.ts";
import { startChild } from "../otp/children.ts";
import type { ChildSpec } from "../otp/definition.ts";
import { dynamicSupervisor } from "../otp/dynamic-supervisor.ts";
import { worker } from "../otp/worker.ts";
import { type Access, requireRole } from "./access.ts";
import { openTrace, type TracingOptions } from "./actor-tracing.ts";
import { attachSession } from "./attach-session.ts";
import type { OpenSession } from "./attach-upgrade.ts";
import { sessionPrefix } from "./tunnel.ts";

/** Sessions at a time; an admin's laptop in a loop must not use up the node. */
const sessionsMax = 64;

export interface SessionsOptions extends TracingOptions {
  /** This node's own name. */
  readonly name: string;
  readonly operations: Pick<Operations, "caughtUp" | "has" | "instancesOf" | "call">;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #accesses = new Map<string, Access>();
  #opened = 0;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Under `interface`, before the API, so that it is stopped after it. */
  get child(): ChildSpec {
    return { id: "sessions", start: dynamicSupervisor({ name: names.sessions }) };
  }

  /** Who is attached by that session; undefined once it has ended. */
  access(session: string): Access | undefined {
    return this.#accesses.get(session);
  }

  readonly open: OpenSession = async ({ socket, access, audit, watch, tunnel, closing }) => {
    const options = this.#options;
    const { system, name: node } = options;
    if (this.#accesses.size >= sessionsMax) {
      socket.close(1013, `${sessionsMax} sessions are attached, which is the most`);
      return;
    }
    this.#opened++;
    const name = `${sessionPrefix}${this.#opened}`;
    const session = { name, socket, access, node, version, protocol: attachProtocol };
    const content = access.role === "admin";
    this.#accesses.set(name, access);
    const definition = worker({
      name,
      behaviour: () =>
        attachSession({
          ...session,
          tunnel,
          closing,
          watch,
          async trace(request, self) {
            const trace = await openTrace(options, request, self.ref, content);
            audit("trace actor", `${trace.path} on ${trace.node}`);
            return trace;
          },
          nameOf: options.nameOf,
          async exec(wish, self) {
            try {
              requireRole(access, "deploy");
            } catch (error) {
              audit("exec", messageOf(error), "refused");
              throw error;
            }
            await options.operations.caughtUp();
            const execution = await openExecution(options.operations, system, wish, self.ref);
            const { service, slot, node: at } = execution;
            // Not its arguments, which may be secrets.
            audit(
              "exec",
              `${wish.words[0] ?? "the console"} in ${service}/${slot} on ${options.nameOf(at)}`,
            );
            return execution;
          },
        }),
    });
    const spec = { id: String(this.#opened), restart: "temporary", start: definition } as const;
    try {
      const ref = await startChild(system, names.sessions, spec);
      system.monitor(ref, () => this.#accesses.delete(name));
    } catch (error) {
      this.#accesses.delete(name);
      throw error;
    }
  };
}

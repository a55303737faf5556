/** The API's commands about leftovers: asks the janitor of the node concerned. */
import type { JanitorProtocol, LeftoverInfo } from "../actors/janitor.ts";
import { names } from "../actors/names.ts";
import type { Commands } from "../api/commands.ts";
import type { LeftoverView } from "../api/leftover-shapes.ts";
import type { ActorSystem } from "../otp/actor-system.ts";
import { named } from "../otp/ref.ts";
import type { Locate } from "./actor-tracing.ts";

/** An engine with many containers is asked for each. */
const listTimeoutMs = 60_000;
/** Each is killed, and its end waited for. Shorter than a client waits. */
const removeTimeoutMs = 80_000;

export function leftoverCommands(
  call: ActorSystem["call"],
  locate: Locate,
): Pick<Commands, "leftovers" | "removeLeftovers"> {
  const find = (on: string | undefined) => {
    const { node } = locate(names.janitor, on);
    return { node: node.name, janitor: named<JanitorProtocol>(node.id, names.janitor) };
  };
  return {
    async leftovers(on) {
      const { node, janitor } = find(on);
      const found = await call(janitor, "list", undefined, { timeoutMs: listTimeoutMs });
      return { node, ...found, leftovers: found.leftovers.map(leftoverView) };
    },
    async removeLeftovers({ node: on, ids } = {}) {
      const { node, janitor } = find(on);
      const wish = ids === undefined ? {} : { ids: [...ids] };
      const removed = await call(janitor, "remove", wish, { timeoutMs: removeTimeoutMs });
      const results = removed.results.map(({ id, provider, instance, error }) => ({
        id,
        provider: provider ?? null,
        instance: instance ?? null,
        result: error === undefined ? ("removed" as const) : ("kept" as const),
        ...(error !== undefined && { reason: error }),
      }));
      return { node, results, unread: removed.unread };
    },
  };
}

function leftoverView(leftover: LeftoverInfo): LeftoverView {
  const { service, network, dataFolder, startedAt, ...rest } = leftover;
  return {
    ...rest,
    service: service ?? null,
    network: network ?? null,
    dataFolder: dataFolder ?? null,
    since: startedAt ?? null,
  };
}

/** Removes from an engine what is left of instances that are no longer placed on this node. */
import type { InstanceId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Provider } from "../providers/provider.ts";
import type { Turns } from "./turns.ts";
import type { VolumeClaims } from "./volume-claims.ts";

export interface SweepOptions {
  readonly provider: Provider;
  readonly isWanted: (instance: InstanceId) => boolean;
  readonly volumes: VolumeClaims;
  readonly work: Turns<InstanceId>;
  readonly log: Log;
  /** Told why an engine could not be looked through. */
  readonly failed: (error: unknown) => void;
}

/** Never rejects. @returns whether the engine was looked through */
export async function sweepEngine({
  provider,
  isWanted,
  volumes,
  work,
  log,
  failed,
}: SweepOptions): Promise<boolean> {
  try {
    const instances = new Set((await provider.list()).map(({ instance }) => instance));
    for (const instance of instances) {
      await work.run(instance, async () => {
        if (isWanted(instance)) return;
        log.info("removing what is left of an instance that is no longer placed here", {
          instance,
        });
        await provider.remove(instance);
        await volumes.release(instance);
      });
    }
    return true;
  } catch (error) {
    log.warn("an engine cannot be looked through; the next pass tries again", {
      provider: provider.type,
      error,
    });
    failed(error);
    return false;
  }
}

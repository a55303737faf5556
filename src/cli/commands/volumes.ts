/** Commands about volumes: they are listed, and deleted by name alone. */
import { formatRemovedVolume, formatVolumes } from "../../shell/volume-views.ts";
import type { Context } from "../context.ts";
import { withProgress } from "../progress.ts";

export async function listVolumes({ client, print }: Context): Promise<void> {
  await print(await client.volumes(), formatVolumes);
}

export async function removeVolume({ io, client, print }: Context, name: string): Promise<void> {
  const removing = client.removeVolume(name);
  await print(await withProgress(io, `deleting volume ${name}`, removing), formatRemovedVolume);
}

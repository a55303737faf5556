/** Commands about who is let in among nodes: tokens for machines, and the network's keys. */
import type { KeyStep } from "../../api/trust-shapes.ts";
import { aboutJoinToken, formatKeys } from "../../shell/key-views.ts";
import type { Context } from "../context.ts";
import { withProgress } from "../progress.ts";

export async function issueJoinToken(
  { io, client, print }: Context,
  { for: wantedFor }: { readonly for?: string },
): Promise<void> {
  const issued = await client.issueJoinToken(wantedFor);
  await print(issued, ({ token }) => `${token}\n`);
  io.stderr.write(aboutJoinToken(issued));
}

export async function listKeys({ client, print }: Context): Promise<void> {
  await print(await client.keys(), formatKeys);
}

const doing: Readonly<Record<KeyStep, string>> = {
  install: "bringing a new key to every node",
  use: "taking the key into use",
  remove: "removing the key",
  replace: "replacing the keys",
};

export async function rotateKeys(
  { io, client, print }: Context,
  step: KeyStep,
  key?: string,
): Promise<void> {
  const keys = await withProgress(io, doing[step], client.rotateKeys(step, key));
  await print(keys, formatKeys);
  if (step !== "replace" || keys.away.length === 0) return;
  io.stderr.write(
    `shut out until each is given a token by \`mob token join\`: ${keys.away.join(", ")}\n`,
  );
}

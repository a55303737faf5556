/**
 * Finds what is left on this machine of nodes that are gone, and removes what it is asked to. It does nothing
 * by itself: only a user knows that a node will not come back.
 */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { BadRequest, messageOf } from "../core/errors.ts";
import { asNodeId } from "../core/ids.ts";
import { isLive } from "../membership/view.ts";
import type { Behaviour } from "../otp/gen-server.ts";
import type { Leftover, Provider } from "../providers/provider.ts";
import type { Catalog } from "./catalog.ts";
import { type FolderUse, type LeftoverState, leftoverState } from "./leftover-state.ts";

/** Looks who has the data folder above a provider's folder. */
export type LookAtFolder = (providerFolder: string) => Promise<{
  readonly dataFolder: string;
  readonly use: FolderUse;
}>;

export interface JanitorOptions {
  readonly catalog: Catalog;
  readonly providers: ReadonlyMap<string, Pick<Provider, "type" | "leftovers">>;
  readonly lookAtFolder: LookAtFolder;
}

/** A leftover, as it is told. */
export interface LeftoverInfo extends LeftoverState {
  readonly provider: string;
  readonly id: string;
  readonly instance: string;
  readonly service?: string;
  readonly network?: string;
  readonly dataFolder?: string;
  /** Wall clock, ms. */
  readonly startedAt?: number;
}

/** A provider whose engine could not be looked through, and why. */
export interface Unread {
  readonly provider: string;
  readonly reason: string;
}

export interface LeftoversFound {
  readonly leftovers: readonly LeftoverInfo[];
  readonly unread: readonly Unread[];
}

export interface LeftoversRemoved {
  /** `error`: why it is still there. One that was asked for and not found has no provider. */
  readonly results: readonly (Pick<LeftoverInfo, "id"> &
    Partial<Pick<LeftoverInfo, "provider" | "instance">> & { readonly error?: string })[];
  readonly unread: readonly Unread[];
}

const RemoveRequest = Type.Object({
  /** Default: all whose data folder is gone. */
  ids: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }))),
});
const isRemove = Compile(RemoveRequest);

export type JanitorProtocol = {
  list: { request: undefined; reply: LeftoversFound };
  remove: { request: Type.Static<typeof RemoveRequest>; reply: LeftoversRemoved };
};

export function janitor(options: JanitorOptions): Behaviour<undefined, JanitorProtocol> {
  return {
    init: () => undefined,
    handlers: {
      list: async (state) => [state, await list(options)],
      remove: async (state, { ids }) => [state, await remove(options, ids)],
    },
    remote: {
      list: () => undefined,
      remove(payload) {
        if (isRemove.Check(payload)) return payload;
        throw new BadRequest("not a wish to remove leftovers");
      },
    },
  };
}

async function list(options: JanitorOptions): Promise<LeftoversFound> {
  const leftovers: LeftoverInfo[] = [];
  const unread: Unread[] = [];
  for (const provider of options.providers.values()) {
    try {
      for (const leftover of (await provider.leftovers?.list()) ?? []) {
        const info = await infoOf(options, provider.type, leftover);
        if (info !== undefined) leftovers.push(info);
      }
    } catch (error) {
      unread.push({ provider: provider.type, reason: messageOf(error) });
    }
  }
  return { leftovers, unread };
}

async function remove(
  options: JanitorOptions,
  ids: readonly string[] | undefined,
): Promise<LeftoversRemoved> {
  const { leftovers, unread } = await list(options);
  const wanted = leftovers.filter(({ id, state }) =>
    ids === undefined ? state === "gone" : ids.includes(id),
  );
  const results: LeftoversRemoved["results"][number][] = [];
  for (const { provider, id, instance } of wanted) {
    const error = await removeOne(options, provider, id);
    results.push({ provider, id, instance, ...(error !== undefined && { error }) });
  }
  const missing = ids?.filter((id) => !wanted.some((one) => one.id === id)) ?? [];
  for (const id of new Set(missing)) results.push({ id, error: "there is no such leftover" });
  return { results, unread };
}

/** Why it was not removed. What was true when it was listed need not be any more: all is looked at again. */
async function removeOne(
  options: JanitorOptions,
  type: string,
  id: string,
): Promise<string | undefined> {
  const leftovers = options.providers.get(type)?.leftovers;
  try {
    const leftover = (await leftovers?.list())?.find((one) => one.id === id);
    if (leftover === undefined) return undefined; // Its end was quicker.
    const info = await infoOf(options, type, leftover);
    if (info?.state !== "gone") return `it is kept: ${info?.reason ?? "its node runs"}`;
    await leftovers?.remove(id);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Undefined for a task whose node runs. */
async function infoOf(
  { catalog, lookAtFolder }: JanitorOptions,
  provider: string,
  leftover: Leftover,
): Promise<LeftoverInfo | undefined> {
  const { id, instance, folder, node, service, network, startedAt } = leftover;
  const at = folder === undefined ? undefined : await lookAtFolder(folder);
  const member = node === undefined ? undefined : catalog.member(asNodeId(node));
  const state = leftoverState(leftover, at?.use, member !== undefined && isLive(member));
  if (state === undefined) return undefined;
  return {
    provider,
    id,
    instance,
    ...state,
    ...(service !== undefined && { service }),
    ...(network !== undefined && { network }),
    ...(at !== undefined && { dataFolder: at.dataFolder }),
    ...(startedAt !== undefined && { startedAt }),
  };
}

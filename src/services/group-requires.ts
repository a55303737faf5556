/**
 * What must hold of the services of a group that require each other: what is required is there, and is
 * started before. What is required of others is another matter: it may be deployed later.
 */
import type { ServiceName } from "../core/ids.ts";
import type { Place } from "../core/reading.ts";
import { type GroupSpec, servicesMax } from "./group.ts";
import { type Member, membersOf, membersUnder } from "./group-members.ts";
import { isUnder } from "./service-name.ts";

/** Tells each error at the place of its name, in `requires` or `volumes`. */
export function complainOfRequires(group: GroupSpec, at: Place): void {
  const members = membersOf(group);
  if (members.size > servicesMax) {
    at.wrong(`has ${members.size} services in all, and may have ${servicesMax}`);
  }
  for (const member of members.values()) {
    member.spec.requires.forEach((required, index) => {
      const place = placeOf(at, member.path);
      const volume = member.spec.volumes.findIndex(
        ({ kind, from }) => kind === "glusterfs" && from === required,
      );
      const named =
        volume === -1
          ? place.member("requires").item(index)
          : place.member("volumes").item(volume).member("from");
      const wrong =
        whyNot(group.name, members, member, required) ??
        (volume === -1 ? undefined : whyNoVolume(members, required));
      if (wrong !== undefined) named.wrong(wrong);
    });
  }
}

function whyNot(
  root: string,
  members: ReturnType<typeof membersOf>,
  { spec }: Member,
  required: string,
): string | undefined {
  if (required === spec.name) return `${required} would require itself`;
  if (isUnder(spec.name, required)) return `${required} is the group that it is in`;
  if (required !== root && !isUnder(required, root)) return undefined;
  const wanted = membersUnder(members, required);
  if (wanted.length === 0) return `there is no ${required} in the group`;
  const inOrder = [...members.keys()];
  const isBefore = (one: Member) => inOrder.indexOf(one.spec.name) < inOrder.indexOf(spec.name);
  if (wanted.every(isBefore)) return undefined;
  const back = wanted.find(({ spec: one }) =>
    one.requires.some((name) => spec.name === name || isUnder(spec.name, name)),
  );
  if (back !== undefined) return `${back.spec.name} requires ${spec.name} in turn`;
  return `${required} is started after it, since it is listed after it: put it before`;
}

/** Of what is not in the group nothing is known here. */
function whyNoVolume(members: ReturnType<typeof membersOf>, name: ServiceName): string | undefined {
  const isOther = membersUnder(members, name).some(({ spec }) => spec.provider !== "glusterfs");
  return isOther ? `${name} is not a volume: its provider is not glusterfs` : undefined;
}

/** The place of a path of `membersOf`. */
function placeOf(at: Place, path: string): Place {
  const indexes = [...path.matchAll(/services\[(\d+)\]/g)].map(([, index]) => Number(index));
  return indexes.reduce((place, index) => place.member("services").item(index), at);
}

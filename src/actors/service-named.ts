/** The one service that a user names for what is done to one alone: to be scaled, called, have a command run beside it. */
import { BadRequest, NotFound } from "../core/errors.ts";
import { asServiceName } from "../core/ids.ts";
import type { Catalog, Service } from "./catalog.ts";

/** Of a group's services, in an error. */
const namesMax = 16;

/** @throws NotFound; BadRequest for a group, naming its services */
export function serviceNamed(catalog: Catalog, name: string): Service {
  const service = catalog.service(asServiceName(name));
  if (service !== undefined) return service;
  const names = catalog.servicesUnder(name).map(({ member }) => member.spec.name);
  if (names.length === 0) throw new NotFound(`there is no service ${name}`);
  const more = names.length > namesMax ? `, and ${names.length - namesMax} more` : "";
  const which = `${names.slice(0, namesMax).join(", ")}${more}`;
  throw new BadRequest(`${name} is a group: name one of its services: ${which}`);
}

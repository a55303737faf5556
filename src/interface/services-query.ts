/** Which services a request is about, as its query names them. */
import type { FastifyRequest } from "fastify";
import { check } from "../api/check.ts";
import { ServicesQuery } from "../api/requests.ts";
import { queryOf } from "./streaming.ts";

/** Undefined: all. @throws BadRequest */
export function servicesIn(request: FastifyRequest): readonly string[] | undefined {
  const { service } = check(ServicesQuery, queryOf(request), "the query");
  return typeof service === "string" ? [service] : service;
}

/** What a user can have done to a service that is there; one shape for the API, actors and simulator. */
import { type Static, Type } from "typebox";

export const serviceAction = Type.Union([
  Type.Literal("start"),
  Type.Literal("stop"),
  Type.Literal("restart"),
  Type.Literal("remove"),
]);
export type ServiceAction = Static<typeof serviceAction>;

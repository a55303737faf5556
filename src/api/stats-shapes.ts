/** What the API says of what tasks use of their machines. */
import Type, { type Static } from "typebox";
import { Integer, NullableString } from "./parts.ts";
import { InstanceState } from "./shapes.ts";

const Amount = Type.Union([Type.Number(), Type.Null()]);

/** What an instance's task uses: a row of `mob stats`. */
export const StatsView = Type.Object({
  name: Type.String(),
  slot: Integer,
  /** The node's name; null as long as the instance has not been placed. */
  node: NullableString,
  provider: Type.String(),
  state: InstanceState,
  /**
   * Of one CPU, over about a second: 250 is two and a half. Null, as all that follow, where nobody can
   * tell: `reason` says why.
   */
  cpuPercent: Amount,
  /** CPU time since it was started. */
  cpuMs: Amount,
  memoryBytes: Amount,
  /** Null also where they are not known: of a machine they are its own affair. Of a container they are its threads. */
  processes: Amount,
  uptimeMs: Amount,
  /** Null: as much as there is. */
  cpuPercentMax: Amount,
  memoryBytesMax: Amount,
  reason: Type.Optional(Type.String()),
});
export type StatsView = Static<typeof StatsView>;

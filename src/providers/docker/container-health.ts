/**
 * The health of a container whose image has a check, a HEALTHCHECK: the engine makes it and judges by it, and
 * this only has what it tells.
 */
import Type from "typebox";
import type { TaskHealth } from "../provider.ts";

/** As the engine has it in the state of a container. */
export const EngineHealth = Type.Object({
  /** `starting`, `healthy` or `unhealthy`; `none` or empty: it has no check. */
  Status: Type.String(),
  FailingStreak: Type.Integer(),
  /** Of the last few checks, the newest last. */
  Log: Type.Optional(
    Type.Union([
      Type.Array(Type.Object({ ExitCode: Type.Integer(), Output: Type.String() })),
      Type.Null(),
    ]),
  ),
});
type EngineHealth = Type.Static<typeof EngineHealth>;

/** What the check is called, and how much of what it wrote is told. */
const check = "HEALTHCHECK of its image";
const outputCharsMax = 400;

/** Undefined: it has no check. */
export function taskHealth(told: EngineHealth | null | undefined): TaskHealth | undefined {
  switch (told?.Status) {
    case "starting":
      return { healthy: null, why: `not healthy yet: ${check}` };
    case "healthy":
      return { healthy: true };
    case "unhealthy":
      return { healthy: false, why: whyUnhealthy(told) };
    default:
      return undefined;
  }
}

/** In the words in which the check of a spec fails. */
function whyUnhealthy({ FailingStreak: failures, Log }: EngineHealth): string {
  const times =
    failures === 1 ? "a failed health check" : `${failures} failed health checks in a row`;
  const { ExitCode: code = 0, Output: output = "" } = Log?.at(-1) ?? {};
  const said = output.slice(0, outputCharsMax).trim().replaceAll(/\s+/g, " ");
  const ending = code > 0 ? [`exit code ${code}`] : []; // -1: its time was up, which is in the output.
  return [`${times}, ${check}`, ...ending, ...(said === "" ? [] : [said])].join(": ");
}

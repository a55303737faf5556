/** Asks this host whether a port is free, in the one way that is sure: by listening on it for a moment. */
import { createServer } from "node:net";

/** Of all addresses. A port that the node itself may not have, as one below 1024, counts as free. */
export async function isPortFree(port: number): Promise<boolean> {
  const wrong = await whyNotOn(port, "::");
  if (wrong === undefined) return true;
  if (wrong === "EADDRINUSE") return false;
  return (await whyNotOn(port, "0.0.0.0")) !== "EADDRINUSE"; // A host without IPv6.
}

/** The system's code; undefined: it can be had. */
function whyNotOn(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      resolve("code" in error && typeof error.code === "string" ? error.code : "unknown");
    });
    server.listen({ port, host }, () => server.close(() => resolve(undefined)));
  });
}

/** The providers of a simulated node, whose engines come and go as a test has them do. */
import { messageOf, Unavailable } from "../core/errors.ts";
import type { Capabilities, Provider } from "../providers/provider.ts";
import type { ProviderLook, ProviderTable } from "../providers/provider-table.ts";

/** The providers of one life of a node, looked at for the first time. */
export async function virtualTable(providers: readonly Provider[]): Promise<ProviderTable> {
  const made = new Map(providers.map((provider) => [provider.type, provider]));
  const met = new Map<string, Provider>();
  const last = new Map<string, ProviderLook>();
  const look = async (asked: string): Promise<ProviderLook> => {
    const provider = made.get(asked);
    let capabilities: Capabilities;
    try {
      if (provider === undefined) throw new Unavailable(`there is no provider ${asked}`);
      capabilities = await provider.probe();
      if (capabilities.available) met.set(asked, provider);
    } catch (error) {
      capabilities = { available: false, reason: messageOf(error) };
    }
    const found = { asked, type: asked, capabilities };
    last.set(asked, found);
    return found;
  };
  for (const type of made.keys()) await look(type);
  // Virtual engines are found away by what is asked of them alone.
  return { made, met, looks: () => [...last.values()], look, watch: () => () => {} };
}

/** One with nothing beyond running tasks. */
export function withoutFeatures(provider: Provider, type: string): Provider {
  return {
    ...provider,
    type,
    async probe() {
      const capabilities = await provider.probe();
      return capabilities.available ? { ...capabilities, features: [] } : capabilities;
    },
  };
}

import { Client, type ClientCapabilities, InMemoryTransport } from '@modelcontextprotocol/client';
import { type BuiltServer, buildServer, type ServerDeps } from '../../src/app/server/build-server.ts';
import { serveEras } from '../../src/app/server/serve-eras.ts';

/** The protocol as it was until 2025-11-25, and as it is since 2026-07-28. */
export const ERAS = ['legacy', 'modern'] as const;

export interface ModernClientPlan {
  name?: string;
  capabilities?: ClientCapabilities;
}

/** A client of the modern era and the samocode server, in this process. */
export async function connectModern(
  deps: ServerDeps,
  { name = 'test-client', capabilities = {} }: ModernClientPlan = {},
): Promise<Client> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const build = (era: NonNullable<ServerDeps['era']>): BuiltServer => buildServer({ ...deps, era });
  serveEras(far, build, () => {});
  const versionNegotiation = { mode: { pin: '2026-07-28' } };
  const client = new Client({ name, version: '1' }, { capabilities, versionNegotiation });
  await client.connect(near);
  return client;
}

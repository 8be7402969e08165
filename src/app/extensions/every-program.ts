import { furtherProviders } from '../../core/agents/registry.ts';
import { ACP_PROVIDERS } from '../../extensions/acp/acp.ts';
import { REHEARSAL_PROVIDERS } from '../../extensions/rehearsal/rehearsal.ts';

/** Each main program calls it once, before it reads anything. */
export function useExtensions(): void {
  furtherProviders.handOver([...ACP_PROVIDERS, ...REHEARSAL_PROVIDERS]);
}

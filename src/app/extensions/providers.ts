import { furtherProviders } from '../../core/agents/registry.ts';
import { ACP_PROVIDERS } from '../../extensions/acp/acp.ts';
import { ANTIGRAVITY_PROVIDERS } from '../../extensions/antigravity/antigravity.ts';
import { REHEARSAL_PROVIDERS } from '../../extensions/rehearsal/rehearsal.ts';

/** For every program. */
export function useProviders(): void {
  furtherProviders.handOver([...ACP_PROVIDERS, ...ANTIGRAVITY_PROVIDERS, ...REHEARSAL_PROVIDERS]);
}

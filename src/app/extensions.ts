import { furtherProviders } from '../core/agents/registry.ts';
import { ACP_PROVIDERS } from '../extensions/acp/acp.ts';
import { rehearsal } from '../extensions/rehearsal/rehearsal.ts';

// The only file that lists extensions. Each main program calls what it needs once, before it reads anything.

export function useProviders(): void {
  furtherProviders.handOver([...ACP_PROVIDERS, rehearsal]);
}

import { furtherProviders } from '../../core/agents/registry.ts';
import { settingsJudges } from '../../core/project/settings/read-settings.ts';
import { ACP_PROVIDERS } from '../../extensions/acp/acp.ts';
import { ANTIGRAVITY_PROVIDERS } from '../../extensions/antigravity/antigravity.ts';
import { APPLICATION_JUDGES } from '../../extensions/application/set-up/setting-problems.ts';
import { REHEARSAL_PROVIDERS } from '../../extensions/rehearsal/rehearsal.ts';

/** For every program: agent CLIs, and judges of settings. */
export function useProviders(): void {
  settingsJudges.handOver([...APPLICATION_JUDGES]);
  furtherProviders.handOver([...ACP_PROVIDERS, ...ANTIGRAVITY_PROVIDERS, ...REHEARSAL_PROVIDERS]);
}

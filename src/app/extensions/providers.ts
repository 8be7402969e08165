import { furtherProviders } from '../../core/agents/registry.ts';
import { furtherSettings } from '../../core/project/settings/settings.ts';
import { ACP_PROVIDERS } from '../../extensions/acp/acp.ts';
import { ACP_SETTINGS } from '../../extensions/acp/settings.ts';
import { APPLICATION_SETTINGS } from '../../extensions/application/settings/application-settings.ts';
import { AWAKE_SETTINGS } from '../../extensions/awake/settings.ts';
import { GITHUB_SETTINGS } from '../../extensions/github/settings.ts';
import { NOTIFY_SETTINGS } from '../../extensions/notify/settings.ts';
import { POOL_SETTINGS } from '../../extensions/pool/settings.ts';
import { REHEARSAL_PROVIDERS } from '../../extensions/rehearsal/rehearsal.ts';
import { REHEARSAL_SETTINGS } from '../../extensions/rehearsal/settings.ts';

/** For every program: agent CLIs and settings. */
export function useProviders(): void {
  furtherProviders.handOver([...ACP_PROVIDERS, ...REHEARSAL_PROVIDERS]);
  // In the order in which they are shown.
  furtherSettings.handOver([
    ...ACP_SETTINGS,
    ...APPLICATION_SETTINGS,
    ...REHEARSAL_SETTINGS,
    ...AWAKE_SETTINGS,
    ...NOTIFY_SETTINGS,
    ...GITHUB_SETTINGS,
    ...POOL_SETTINGS,
  ]);
}

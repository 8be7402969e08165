import { supervisorParts } from '../../core/supervisor/part.ts';
import { GITHUB_PARTS } from '../../extensions/github/supervisor-parts.ts';
import { NOTIFY_PARTS } from '../../extensions/notify/notifier.ts';
import { POOL_PARTS } from '../../extensions/pool/pools.ts';
import { RECURRING_PARTS } from '../../extensions/recurring/supervisor-parts.ts';

export function useSupervisorParts(): void {
  // Notifications come last, so that they report the findings of the others in the same scan.
  supervisorParts.handOver([...GITHUB_PARTS, ...POOL_PARTS, ...RECURRING_PARTS, ...NOTIFY_PARTS]);
}

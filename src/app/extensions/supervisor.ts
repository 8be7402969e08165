import { extensions } from '../../core/kernel/extension.ts';
import { supervisorParts } from '../../core/supervisor/part.ts';
import { AWAKE_PARTS } from '../../extensions/awake/supervisor-part.ts';
import { CHATS } from '../../extensions/chats/extension.ts';
import { GITHUB } from '../../extensions/github/extension.ts';
import { GITHUB_PARTS } from '../../extensions/github/supervisor-parts.ts';
import { HELD_PARTS } from '../../extensions/held/supervisor-part.ts';
import { IMPORT } from '../../extensions/import/extension.ts';
import { NOTIFY_PARTS } from '../../extensions/notify/notifier.ts';
import { OVERLAP } from '../../extensions/overlap/extension.ts';
import { POOL } from '../../extensions/pool/extension.ts';
import { POOL_PARTS } from '../../extensions/pool/pools.ts';
import { RECURRING_PARTS } from '../../extensions/recurring/supervisor-parts.ts';

/** What the acts and the notifications of its parts use. */
export function useActs(): void {
  extensions.handOver([POOL, GITHUB, CHATS, IMPORT, OVERLAP]);
}

export function useSupervisorParts(): void {
  // Notifications come last, so that they report the findings of the others in the same scan.
  supervisorParts.handOver([
    ...GITHUB_PARTS,
    ...POOL_PARTS,
    ...RECURRING_PARTS,
    ...AWAKE_PARTS,
    ...HELD_PARTS,
    ...NOTIFY_PARTS,
  ]);
}

import type { CheckGroup } from '../../core/caller/refusals/check.ts';

export const NOTIFY_CHECKS: readonly CheckGroup[] = [
  {
    title: 'Notifications',
    checks: async (context) => (await import('./channels/test-channels.ts')).notifyChecks(context),
  },
];

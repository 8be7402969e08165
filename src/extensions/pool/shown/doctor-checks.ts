import type { CheckGroup } from '../../../core/caller/refusals/check.ts';

export const POOL_CHECKS: readonly CheckGroup[] = [
  {
    title: 'Pool',
    checks: async (context) => (await import('./pool-checks.ts')).poolChecks(context),
  },
];

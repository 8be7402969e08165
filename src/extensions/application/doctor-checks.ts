import type { CheckGroup } from '../../core/caller/refusals/check.ts';

export const APPLICATION_CHECKS: readonly CheckGroup[] = [
  {
    title: 'Application',
    checks: async (context) => (await import('./application-checks.ts')).applicationChecks(context),
  },
];

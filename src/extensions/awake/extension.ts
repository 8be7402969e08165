import type { Extension } from '../../core/kernel/extension.ts';

export const AWAKE: Extension = {
  checks: {
    title: 'Sleep',
    checks: async (context) => (await import('./awake-checks.ts')).awakeChecks(context),
  },
};

import type { Extension } from '../../core/kernel/extension.ts';

export const NOTIFY: Extension = {
  checks: {
    title: 'Notifications',
    checks: async (context) => (await import('./notify-checks.ts')).notifyChecks(context),
  },
};

import type { Extension } from '../../core/kernel/extension.ts';

export const NOTIFY: Extension = {
  checks: {
    title: 'Notifications',
    checks: async (context) => (await import('./channels/test-channels.ts')).notifyChecks(context),
  },
};

import type { Extension } from '../../core/kernel/extension.ts';

export const APPLICATION: Extension = {
  checks: {
    title: 'Application',
    checks: async (context) => (await import('./application-checks.ts')).applicationChecks(context),
  },
  furtherLines: async (...args) => (await import('./set-up/ask-application.ts')).askApplication(...args),
  openCloneApplication: async (...args) =>
    (await import('./clones/clone-application.ts')).openCloneApplication(...args),
};

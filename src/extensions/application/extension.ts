import type { Extension } from '../../core/kernel/extension.ts';

export const APPLICATION: Extension = {
  checks: {
    title: 'Application',
    checks: async (context) => (await import('./application-checks.ts')).applicationChecks(context),
  },
  furtherLines: async (...args) => (await import('./settings/ask-application.ts')).askApplication(...args),
  application: async () => (await import('./runner.ts')).RUNNER,
};

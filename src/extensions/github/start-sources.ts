import type { StartSource } from '../../core/acts/sessions/start-sources.ts';

/** What a session may start from on GitHub. The modules that read it are loaded when one does. */
export const GITHUB_START_SOURCES: readonly StartSource[] = [
  {
    kind: 'issue',
    async resolve(work, project, context) {
      const { resolveIssue } = await import('./intake/read-issue.ts');
      return await resolveIssue(work, project, context);
    },
  },
];

import type { StartSource } from '../../core/acts/sessions/start/start-sources.ts';
import type { IssueWork } from '../../core/acts/sessions/start/work.ts';

/** The sources on GitHub from which a session may start. Their modules are loaded only when one is used. */
export const GITHUB_START_SOURCES: readonly StartSource<IssueWork>[] = [
  {
    kind: 'issue',
    async resolve(work, project, context) {
      const { resolveIssue } = await import('./intake/read-issue.ts');
      return await resolveIssue(work, project, context);
    },
    async labelled(label, project, context) {
      const { labelledIssues } = await import('./intake/labelled-issues.ts');
      return await labelledIssues(label, project, context);
    },
  },
];

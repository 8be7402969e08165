import type { StartSource } from '../../core/acts/sessions/start/start-sources.ts';
import type { IssueWork } from '../../core/acts/sessions/start/work.ts';
import type { Extension } from '../../core/kernel/extension.ts';

const startSource: StartSource<IssueWork> = {
  kind: 'issue',
  resolve: async (...args) => (await import('./intake/read-issue.ts')).resolveIssue(...args),
};

export const GITHUB: Extension = {
  forge: {
    preview: async (...args) =>
      (await import('./publish/preview-publication.ts')).previewPublication(...args),
    whyNotUnattended: async (...args) =>
      (await import('./publish/unattended-push.ts')).whyNotUnattended(...args),
    openPullRequest: async (...args) =>
      (await import('./feedback/open-pull-request.ts')).openPullRequest(...args),
    beginRound: async (...args) => (await import('./feedback/round.act.ts')).roundOfSession(...args),
    failedBaseChecks: async (...args) =>
      (await import('./feedback/base-checks.ts')).failedBaseChecks(...args),
    labelledIssues: async (...args) => (await import('./intake/labelled-issues.ts')).labelledIssues(...args),
  },
  startSource,
};

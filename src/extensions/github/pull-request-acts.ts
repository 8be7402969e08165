import type { PullRequestActs } from '../../core/acts/pull-requests.ts';

export const PULL_REQUEST_ACTS: readonly PullRequestActs[] = [
  {
    async preview(...given) {
      const { previewPublication } = await import('./publish/preview-publication.ts');
      return await previewPublication(...given);
    },
    async whyNotUnattended(...given) {
      const { whyNotUnattended } = await import('./publish/unattended-push.ts');
      return await whyNotUnattended(...given);
    },
    async open(...given) {
      const { openPullRequest } = await import('./feedback/open-pull-request.ts');
      return await openPullRequest(...given);
    },
    async round(...given) {
      const { roundOfSession } = await import('./feedback/round.act.ts');
      return await roundOfSession(...given);
    },
  },
];

import type { Publishing } from '../../core/acts/finish/publishing.ts';
import type { pullRequestsToVerify } from '../../core/acts/proof/pull-requests-to-verify.ts';
import type { baseChecks } from '../../core/caller/context/base-checks-failed.ts';
import type { pullRequestRounds } from '../../core/caller/context/pull-request-rounds.ts';

// Each loads its code when it is used.

export const GITHUB_PUBLISHING: readonly Publishing[] = [
  {
    async preview(...given) {
      const { previewPublication } = await import('./publish/preview-publication.ts');
      return await previewPublication(...given);
    },
    async whyNotUnattended(...given) {
      const { whyNotUnattended } = await import('./publish/unattended-push.ts');
      return await whyNotUnattended(...given);
    },
  },
];

export const GITHUB_TO_VERIFY: typeof pullRequestsToVerify.items = [
  async (...given) => {
    const { openPullRequest } = await import('./feedback/open-pull-request.ts');
    return await openPullRequest(...given);
  },
];

export const GITHUB_ROUNDS: typeof pullRequestRounds.items = [
  async (...given) => {
    const { roundOfSession } = await import('./feedback/round.act.ts');
    return await roundOfSession(...given);
  },
];

export const GITHUB_BASE_CHECKS: typeof baseChecks.items = [
  async (...given) => {
    const { failedBaseChecks } = await import('./feedback/base-checks.ts');
    return await failedBaseChecks(...given);
  },
];

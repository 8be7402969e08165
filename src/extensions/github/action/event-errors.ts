import { errors } from '../../../core/kernel/errors.ts';

/** Reasons why the GitHub action runs nothing. */
export const EVENT_ERRORS = errors('Nothing was run.', {
  event_refused: ({ event }: { event: string }) => ({
    why: `This action runs the code of a pull request, and workflows of the event "${event}" may have access to the secrets and a writable token of the repository.`,
    hint: 'Trigger the workflow by pull_request, push or merge_group.',
  }),
  event_unreadable: ({ event }: { event: string }) => ({
    why: `The file of the event "${event}" is not in the format that GitHub documents.`,
    hint: 'Use a newer version of this action.',
  }),
  no_base_checks: ({ branch }: { branch: string }) => ({
    why: `The branch ${branch} tracks no .samocode with a CHECK, the workflow names no checks, and commands of a pull request are not run.`,
    hint: `Add a line such as CHECK=npm test to .samocode on ${branch}, or "checks: npm test" under "with:" in the workflow.`,
  }),
  work_not_cloned: ({ problem }: { problem: string }) => ({
    why: `A fresh clone of the commit failed: ${problem}`,
    hint: 'Fix this, then run the job again.',
  }),
});

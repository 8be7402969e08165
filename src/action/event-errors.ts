import { errors } from '../base/errors.ts';

/** Why the action for GitHub runs nothing. */
export const EVENT_ERRORS = errors({
  event_refused: ({ event }: { event: string }) => ({
    what: 'Nothing was run.',
    why: `This action runs the code of a pull request, and workflows of the event "${event}" may have the secrets and a writable token of the repository.`,
    hint: 'Let the workflow run on pull_request, push or merge_group.',
  }),
  event_unreadable: ({ event }: { event: string }) => ({
    what: 'Nothing was run.',
    why: `The file of the event "${event}" is not in the format that GitHub documents.`,
    hint: 'Use a newer version of this action.',
  }),
  no_base_checks: ({ branch }: { branch: string }) => ({
    what: 'Nothing was run.',
    why: `The branch ${branch} tracks no .samocode with a CHECK, the workflow names no checks, and commands of a pull request are not run.`,
    hint: `Add a line such as CHECK=npm test to .samocode on ${branch}, or "checks: npm test" below "with:" in the workflow.`,
  }),
  work_not_cloned: ({ problem }: { problem: string }) => ({
    what: 'Nothing was run.',
    why: `A fresh clone of the commit failed: ${problem}`,
    hint: 'Correct that, then run the job again.',
  }),
});

/** A condition that keeps a session from following its agent's signal. */
export interface Obstacle {
  name: string;
  /** Completes "There is an obstacle when …". */
  when: string;
  /** The consequence, as a sentence without a full stop. */
  outcome: string;
  /** Checked only before a session is done; absent: also before implementation or testing moves to quality. */
  onlyBeforeDone?: true;
}

const BACK = 'back to implementation';

/**
 * Checks before implementation or testing moves to quality and before a session is done: the first obstacle found decides, and
 * the others are not checked.
 */
export const OBSTACLES = [
  {
    name: 'messages',
    when: 'the human left a message that no agent has read',
    outcome: 'another agent of the phase reads it',
    onlyBeforeDone: true,
  },
  { name: 'branch_gone', when: 'the branch of the session is gone', outcome: BACK },
  { name: 'impossible_checks', when: 'a check of the project cannot run', outcome: 'block (`checks`)' },
  {
    name: 'red_base',
    when: 'checks fail on the branch and on the base commit, and a person has not decided about these failures',
    outcome: 'wait for the answer of a person; block (`base_checks`) where they cannot run on the base',
  },
  {
    name: 'uncommitted',
    when: 'some work is not committed',
    outcome: `an agent of the phase commits it; the second time, or with false claims: ${BACK}`,
  },
  {
    name: 'failed_checks',
    when: 'a check of the project or of a requirement fails on a fresh clone of the branch',
    outcome: `${BACK}, with all false claims`,
  },
  {
    name: 'false_claims',
    when: 'the plan or the worktree claims what the branch does not show',
    outcome: `${BACK}, with the requirements that are not reviewed`,
  },
  {
    name: 'unread',
    when: 'quick work is large or has binary files, is to be reviewed, or is shown by no command, and no quality agent has read it',
    outcome: 'to quality',
    onlyBeforeDone: true,
  },
  {
    name: 'unreviewed',
    when: 'a requirement that only a review can verify has not been reviewed for the current code',
    outcome: 'another round of quality',
    onlyBeforeDone: true,
  },
  {
    name: 'weakened_tests',
    when: 'tests, CI or check scripts of the base may prove less than before, and no person has accepted that',
    outcome: 'wait for a person, who is shown the difference',
  },
  {
    name: 'outside_scope',
    when: 'a round of the pull request changed files that neither plan nor pull request had, or weakened tests, and no person has accepted that',
    outcome: 'wait for a person, who is shown the difference',
    onlyBeforeDone: true,
  },
  { name: 'later_work', when: 'something was committed after the checks ran', outcome: BACK },
  {
    name: 'later_messages',
    when: 'a message arrived while the checks ran',
    outcome: 'another agent of the phase reads it',
    onlyBeforeDone: true,
  },
] as const satisfies readonly Obstacle[];
export type ObstacleName = (typeof OBSTACLES)[number]['name'];

import type { ObstacleName } from '../../src/core/kernel/phases/obstacles.ts';
import { BLOCK_AFTER } from '../../src/core/kernel/phases/table.ts';
import type { BlockRuleName } from '../../src/core/kernel/phases/verdict.ts';

const BACK = 'back to implementation';

/** Of each obstacle: what completes "applies when …", and what follows. */
export const OBSTACLE_WORDS: Readonly<Record<ObstacleName, readonly [when: string, outcome: string]>> = {
  messages: ['the human left a message that no agent has read', 'another agent of the phase reads it'],
  branch_gone: ['the branch of the session is gone', BACK],
  impossible_checks: ['a check of the project cannot run', 'block (`checks`)'],
  red_base: [
    'checks fail on the branch and on the base commit, and a person has not decided about these failures',
    'wait for the answer of a person; block (`base_checks`) where they cannot run on the base',
  ],
  uncommitted: [
    'some work is not committed',
    `an agent of the phase commits it; the second time, or with false claims: ${BACK}; block if the same was refused before and the worktree has not changed since`,
  ],
  failed_checks: [
    'a check of the project or of a requirement fails on a fresh clone of the branch',
    `${BACK}, with all false claims`,
  ],
  false_claims: [
    'the plan or the worktree claims what the branch does not show',
    `${BACK}, with the requirements that are not reviewed`,
  ],
  unread: [
    'quick work is large or has binary files, is to be reviewed, has an unsteady check, is shown by no command, or tests of the base fail on it or could not be tried, and no quality agent has read it',
    'to quality',
  ],
  unreviewed: [
    'a requirement that only a review can verify has not been reviewed for the current code',
    'another round of quality',
  ],
  weakened_tests: [
    'tests, CI or check scripts of the base may prove less than before, and no person has accepted that, if the checks of the base fail on the work, or cannot try it',
    `wait for a person, who is shown the difference; ${BACK} where a quality agent alone decides, and does not accept it`,
  ],
  outside_scope: [
    'a round of the pull request changed files that neither plan nor pull request had, or weakened tests, and no person has accepted that',
    'wait for a person, who is shown the difference',
  ],
  later_work: ['something was committed after the checks ran', BACK],
  later_messages: ['a message arrived while the checks ran', 'another agent of the phase reads it'],
};

/** Completes "The session blocks when …". */
export const RULE_WORDS: Readonly<Record<BlockRuleName, string>> = {
  child_blocked: 'the agent signals `blocked`; its `reason` and `needs` are shown',
  phase_limit: 'another iteration would exceed the limit of its phase',
  test_returns: 'tests fail again after the last allowed return to implementation',
  quality_rounds: 'quality still requests changes after its last allowed round',
  timeouts: 'an agent runs out of time after the last of `SAMOCODE_MAX_RETRIES`',
  auth: 'the agent CLI is not logged in or was refused',
  budget: 'a spending limit is reached',
  no_progress: `${BLOCK_AFTER} iterations in a row change nothing: not the files, the plan or the documents`,
  refused: "the model refuses the request, or its vendor's reviewer what the agent does",
  overloaded: 'the provider is overloaded for longer than `RETRY_HOURS`',
  network: 'the provider cannot be reached for longer than `RETRY_HOURS`',
  config: 'the agent CLI cannot run with its current setup',
  retries: 'an agent crashes after the last of `SAMOCODE_MAX_RETRIES`',
  checks: 'checks of the project fail after the last allowed return to implementation',
  base_checks: 'the program of a check is missing, or SETUP fails, on the commit that the session began from',
  uncommitted:
    'work is left uncommitted twice in the same worktree, or after the last allowed return to implementation',
  false_done:
    'the agent reports the work as done, but the branch or the plan shows otherwise, after the last allowed return to implementation',
  run_folder_changed: 'files of the run folder that only samocode writes changed while an agent ran',
  git_programs_changed:
    'settings or hooks by which git starts programs are not the ones that a person accepted',
  signal_json: '`_signal.json` cannot be read, or its status is unknown',
  signal_not_allowed: 'the status may not be signalled in this phase',
  signal_phase: 'the named phase does not exist or cannot follow this one',
  edge_condition: 'the named phase can follow this one, but not now',
  wait_not_allowed: 'the phase may not wait for what it names',
  nothing_asked: 'it waits for answers, but no question is open',
  nothing_to_approve: 'it waits for an approval, but the plan has not changed since the last one',
  no_plan: 'there is no plan document to approve',
  no_file: 'it waits for a file and does not name it',
  messages: 'it signals `done` and has not acknowledged every message from the human',
  ledger: 'the requirement ledger `_requirements.json` is missing after requirements, or cannot be read',
  plan_servers: 'the section "MCP servers" of the plan cannot be read',
  plan_old_tests:
    'the section "Old tests that change" of the plan cannot be read, or names a file that the base does not have',
  no_signal: 'an agent writes no signal and changes nothing, or is the second in a row without one',
  log_ceiling: 'its output exceeds the size limit of a log',
};

/** Their first violation runs another agent, with the problem in its prompt. */
export const CORRECTED: readonly BlockRuleName[] = [
  'signal_json',
  'signal_not_allowed',
  'signal_phase',
  'edge_condition',
  'wait_not_allowed',
  'nothing_asked',
  'nothing_to_approve',
  'no_plan',
  'no_file',
  'messages',
  'ledger',
  'plan_servers',
  'plan_old_tests',
  'no_signal',
  'log_ceiling',
];

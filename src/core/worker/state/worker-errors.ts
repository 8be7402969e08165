import { errors } from '../../kernel/errors.ts';
import { quotedSaid, saidBy } from '../../kernel/said.ts';
import { visibleControls } from '../../kernel/text.ts';
import { programNotFound } from '../../project/proving/project-command.ts';

/** What checks often need but a fresh clone lacks. */
const CLONE_LACKS =
  'a clone has no ignored files unless SETUP creates or CHECK_COPY copies them, and an empty home apart from what CHECK_HOME names.';
const IN_WORKTREE = 'CHECK_IN=worktree runs them in the folder of the agent instead.';

interface FailedCommand {
  command: string;
  how: string;
  tail?: string;
}

/** What a person must fix before the worker can start an agent. */
export const WORKER_ERRORS = errors({
  base_checks: ({ leftOut, failed }: { leftOut: string; failed: readonly FailedCommand[] }) => ({
    what: 'The checks cannot run.',
    why: `${leftOut && `${leftOut} `}In a fresh clone of the commit that the session began from: ${failed.map(({ command, how, tail }) => `\`${command}\` (${how}).${quotedSaid(saidBy(tail ?? ''))}`).join(' ')} No agent caused this.`,
    hint: `Install or repair what they need, or correct .samocode: ${CLONE_LACKS} Then resume the session. ${IN_WORKTREE}`,
    next: [{ act: 'read_document', args: { document: 'checks' } }, { act: 'resume' }],
  }),
  branch_is_its_base: ({ branch }: { branch: string }) => ({
    what: 'The worktree was not created.',
    why: `The session's name results in the branch "${branch}", which is also the branch to start from.`,
    hint: 'Start a session with another name, or with another branch.',
  }),
  // Also the rule of a block; a resume tests it against the current checks.
  checks: ({ program, check }: { program: string; check: string }) => ({
    what: 'No agent was started.',
    why: programNotFound(program, 'the check', check),
    hint: 'Install it, or correct CHECK in .samocode; then resume the session.',
  }),
  child_immortal: ({ pids }: { pids: readonly number[] }) => ({
    what: 'The session was not stopped.',
    why: `Processes of the agent could not be ended: ${pids.join(', ')}.`,
    hint: 'End them yourself, then stop the session again.',
  }),
  cli_fails: ({ title, path, how, said }: { title: string; path: string; how: string; said: string }) => ({
    what: 'No agent was started.',
    why: `${title} does not start in the session's worktree: \`${path} --version\` failed (${how}).${quotedSaid(said)}`,
    hint: 'Repair that, then resume the session.',
    next: [{ act: 'resume' }, { act: 'doctor' }],
  }),
  clone_failed: ({ problem }: { problem: string }) => ({
    what: 'The checks did not run.',
    why: `A fresh clone could not be made: ${visibleControls(problem)}`,
    hint: `Fix that, then resume the session. ${IN_WORKTREE}`,
  }),
  constraints_gone: ({ path }: { path: string }) => ({
    what: 'No agent was started.',
    why: `The file named by CONSTRAINTS does not exist, is larger than 1 MiB, or is reached by a link out of the project: ${path}.`,
    hint: 'Restore it, or correct CONSTRAINTS in .samocode, then resume the session.',
  }),
  guard_failed: ({ of, said }: { of: 'SETUP' | 'CHECK'; said: string }) => ({
    what: of === 'SETUP' ? 'No agent was started.' : 'The checks did not run.',
    why: `The guard could not run ${of}: ${visibleControls(said.slice(0, 300))}.`,
    hint: 'Fix the guard, then resume the session.',
    next: [{ act: 'doctor' }],
  }),
  not_logged_in: ({ found, fix }: { found: string; fix: string }) => ({
    what: 'No agent was started.',
    why: found,
    hint: `${fix} Then resume the session.`,
    next: [{ act: 'resume', when: 'once the agent CLI is logged in' }],
  }),
  setup_not_found: ({ program, setup }: { program: string; setup: string }) => ({
    what: 'No agent was started.',
    why: programNotFound(program, 'SETUP', setup),
    hint: 'Install it, then resume the session. To use another SETUP, start a new session: this one keeps its own.',
  }),
  worker_fault: ({ then }: { then: string }) => ({
    what: 'The worker could not continue.',
    why: 'Internal error: see worker.stderr in the run folder.',
    hint: `To try again, ${then}.`,
  }),
});

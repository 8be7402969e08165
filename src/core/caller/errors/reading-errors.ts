import type { NextStep } from '../../kernel/acts.ts';
import { errors } from '../../kernel/errors.ts';
import { visibleControls } from '../../kernel/text.ts';

export const READING_ERRORS = errors({
  bad_path: ({ isOutside }: { isOutside: boolean }) => ({
    what: 'No changes were read.',
    why: isOutside
      ? 'The path is neither in the worktree of the session nor in MAIN_REPO.'
      : 'Not a valid path.',
    hint: 'Give a path from the list of changed files.',
    next: [{ act: 'read_changes', when: 'to see that list' }],
  }),
  branch_gone: ({ session, branch }: { session: string; branch: string }) => ({
    what: `The changes of ${session} cannot be read.`,
    why: `Its branch ${branch} is no longer in the repository.`,
    hint: `If it was renamed, name it ${branch} again; if it was removed, see "git reflog".`,
  }),
  document_not_found: ({ session, name, names }: DocumentNotFound) => ({
    what: `${session} has no document "${name.slice(0, 80)}".`,
    why: names.length === 0 ? 'Nothing has been written yet.' : `It has: ${firstOf(names)}.`,
    hint: 'Name one of them, or a kind for the newest of that kind: plan, dive, requirements, summary.',
  }),
  document_unreadable: ({ session, name, problem }: { session: string; name: string; problem?: string }) => ({
    what: `${name} of ${session} cannot be read.`,
    why: problem === undefined ? 'It was removed while it was being read.' : `It is ${problem}.`,
    hint: 'Check the file in the session folder.',
  }),
  group_not_found: ({ group, groups }: { group: string; groups: readonly string[] }) => ({
    what: `There is no group "${group.slice(0, 80)}" in this project.`,
    why: groups.length === 0 ? 'No session here belongs to one.' : `The groups are: ${firstOf(groups)}.`,
    hint: 'The group of a session is chosen when it is started.',
    next: [{ act: 'list' }],
  }),
  holds_no_proof: ({ path }: { path: string }) => ({
    what: 'The proof was not repeated.',
    why: `${path} holds no proof, or is not there.`,
    hint: 'The whole proof is the file proof/proof.md in the folder of its session. A name without a slash, .md or .json is a session: samocode verify <session>.',
  }),
  iteration_not_ended: ({ session, iteration }: { session: string; iteration: number }) => ({
    what: 'No changes were read.',
    why: `Iteration ${iteration} of ${session} has not ended yet.`,
    hint:
      iteration > 1
        ? `Give ${iteration - 1} for the changes since its start, or leave the iteration out for all changes.`
        : 'Leave the iteration out for all changes.',
  }),
  iteration_not_found: ({ session, iteration, known }: IterationNotFound) => ({
    what:
      iteration === undefined
        ? `No iteration of ${session} is on record.`
        : `${session} has no iteration ${iteration}.`,
    why:
      known === undefined
        ? 'Nothing has been recorded so far.'
        : `Its iterations are ${known.first} to ${known.last}.`,
    hint: known === undefined ? '' : `Name one of them, for example ${known.last}.`,
    next:
      known === undefined ? [{ act: 'read_status', session, when: 'to see whether one has started' }] : [],
  }),
  no_checks: ({ filePath }: { filePath: string }) => ({
    what: 'The proof was not repeated.',
    why: `${filePath} has no CHECK, and commands of a pull request are not run.`,
    hint: 'Add a line such as CHECK=npm test to it.',
  }),
  no_forge: ({ mainRepo }: { mainRepo: string }) => ({
    what: 'The pull request was not read.',
    why: `${mainRepo} has no remote that names a repository on GitHub.`,
    hint: 'Add it: git remote add origin https://github.com/<owner>/<name>.git',
  }),
  no_plan: ({ session, phase, file, next }: NoPlan) => ({
    what: `There is no plan to read in ${session}.`,
    why:
      file === undefined
        ? `None has been written yet; the session is in ${phase}.`
        : `The file ${file.name} is ${file.problem}.`,
    hint: file === undefined ? '' : 'Restore the file, or have a new plan written.',
    next: file === undefined ? next : [{ act: 'request_changes', session }],
  }),
  no_proof: ({ session }: { session: string }) => ({
    what: `${session} has no proof yet.`,
    why: 'The worker writes it when the session is done.',
    next: [{ act: 'read_status', session }],
  }),
  no_report: ({ session }: { session: string }) => ({
    what: `There is no report for ${session}.`,
    why: 'Its files cannot be read.',
    next: [{ act: 'read_status', session }],
  }),
  nothing_changed_yet: ({ session, next }: { session: string; next: readonly NextStep[] }) => ({
    what: `${session} has no branch yet.`,
    why: 'It is still being prepared.',
    next,
  }),
  proof_not_repeated: ({ problem }: { problem: string }) => ({
    what: 'The proof was not repeated.',
    why: `A fresh clone of the branch failed: ${visibleControls(problem)}`,
    hint: 'Fix that, then run the command again.',
  }),
  pull_request_not_read: ({ number }: { number: number }) => ({
    what: `Pull request ${number} was not read.`,
    why: 'git did not fetch its head commit.',
    hint: 'It may have moved in the meantime; run the command again.',
  }),
  report_not_written: ({ path, code }: { path: string; code: string }) => ({
    what: 'The report was not written.',
    why: `${path} cannot be written (${code}).`,
    hint: 'Name another file with --output.',
  }),
});

const MAX_NAMED = 20;

function firstOf(names: readonly string[]): string {
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `${names.slice(0, MAX_NAMED).join(', ')}${more}`;
}

interface DocumentNotFound {
  session: string;
  name: string;
  names: readonly string[];
}

interface IterationNotFound {
  session: string;
  iteration?: number;
  known?: { first: number; last: number };
}

interface NoPlan {
  session: string;
  phase: string;
  file?: { name: string; problem: string };
  next: readonly NextStep[];
}

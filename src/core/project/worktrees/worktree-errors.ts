import { errors } from '../../kernel/errors.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import type { ListedWorktree } from '../git/worktree-list.ts';

export const WORKTREE_ERRORS = errors({
  bad_branch_name: ({ name }: { name: string }) => ({
    what: 'The branch name is not valid.',
    why: `git accepts no branch named ${JSON.stringify(name.slice(0, 100))}.`,
    hint: 'Use letters, digits, hyphens and slashes, 200 characters at most, or leave it out.',
  }),
  base_not_found: ({ base }: { base: string }) => ({
    what: 'The session has no commit to start from.',
    why: `MAIN_REPO has no branch, tag or commit ${JSON.stringify(base.slice(0, 100))}, fetched ones included.`,
    hint: 'Name one that "git branch --all" or "git tag" lists.',
  }),
  branch_in_use: ({ branch, path, prunable }: { branch: string; path: string; prunable: boolean }) => ({
    what: 'The worktree was not created.',
    why: `Its branch "${branch}" is checked out in ${path}${prunable ? ', whose folder is gone' : ''}.`,
    hint: prunable
      ? 'If that folder is gone for good, run "git worktree prune" in MAIN_REPO, then try again.'
      : 'Check out another branch there, or choose another name for the session.',
  }),
  branch_lost: ({ branch, commit }: { branch: string; commit: string }) => ({
    what: 'The worktree was not created.',
    why: `Its branch "${branch}" is gone, and so is its last known commit ${commit.slice(0, 12)}.`,
    hint: `If another clone has that commit, fetch it and run "git branch ${shellWord(branch)} ${commit}" in MAIN_REPO; then resume.`,
  }),
  branch_name_blocked: ({ branch, other }: { branch: string; other: string }) => ({
    what: 'The worktree was not created.',
    why: `Git cannot store the branch "${branch}" and the branch "${other}" together: one name would have to be both a file and a folder.`,
    hint: 'Set another BRANCH_PREFIX and start another session, or rename that branch and resume this one.',
  }),
  first_commit_too_large: ({ folder, size }: { folder: string; size: string }) => ({
    what: `No first commit was made in ${folder}.`,
    why: `It would contain ${size}, which looks like dependencies or data.`,
    hint: 'Write a .gitignore, or make the first commit yourself, then try again.',
  }),
  worktree_locked: ({ path, why }: { path: string; why: string }) => ({
    what: 'Nothing was changed.',
    why: `The worktree ${path} is locked${why === '' ? '' : `: ${why}`}.`,
    hint: `If it may be removed, run "git worktree unlock ${shellWord(path)}", then try again.`,
  }),
  worktree_mounted: ({ mount }: { mount: string }) => ({
    what: 'Nothing was changed.',
    why: `${mount} is a mount point, which cannot be deleted with the worktree.`,
    hint: `Run "umount ${shellWord(mount)}", then try again.`,
  }),
  worktree_folder_taken: ({ path, entry }: { path: string; entry: ListedWorktree | undefined }) => ({
    what: 'The worktree was not created.',
    why: describeFolder(path, entry),
    hint: 'Move that folder away or repair it ("git worktree repair"), or choose another name for the session.',
  }),
});

function describeFolder(path: string, entry: ListedWorktree | undefined): string {
  if (!entry) return `${path} exists and is not a worktree of MAIN_REPO.`;
  if (entry.prunable) return `${path} was the worktree, but its .git file is gone.`;
  return `${path} is a worktree with ${entry.branch ? `the branch "${entry.branch}"` : 'no branch'} checked out.`;
}

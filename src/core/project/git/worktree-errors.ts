import { errors } from '../../kernel/errors.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import type { ListedWorktree } from './worktree-list.ts';

export const WORKTREE_ERRORS = errors({
  branch_elsewhere: ({ branch, path }: { branch: string; path: string }) => ({
    what: 'Nothing was changed.',
    why: `The session's branch "${branch}" is checked out in ${path}.`,
    hint: 'Check out another branch there, or move that worktree back with "git worktree move", then try again.',
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
  checkpoint_gone: ({ commit }: { commit: string }) => ({
    what: 'Nothing was changed.',
    why: `The checkpoint ${commit.slice(0, 12)} is no longer in the repository.`,
    hint: 'Choose another iteration.',
    next: [{ act: 'rewind', when: 'to list the checkpoints that are kept' }],
  }),
  in_the_way: ({ path }: { path: string }) => ({
    what: 'Nothing was changed.',
    why: `${path} occupies the place of a file to restore, and no checkpoint can keep it for an undo: it is larger than 50 MB, unreadable, encrypted by the repository, a separate repository, or not a file.`,
    hint: `Move ${path} out of the worktree, then rewind again.`,
  }),
  not_restored: ({ folder }: { folder: string }) => ({
    what: `Some files of ${folder} differ from the checkpoint.`,
    why: 'Another program changed them during the rewind.',
    hint: 'Stop the program that writes there, then rewind again.',
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

import { errors } from '../../kernel/errors.ts';

export const CHECKPOINT_ERRORS = errors({
  branch_elsewhere: ({ branch, path }: { branch: string; path: string }) => ({
    what: 'Nothing was changed.',
    why: `The session's branch "${branch}" is checked out in ${path}.`,
    hint: 'Check out another branch there, or move that worktree back with "git worktree move", then try again.',
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
});

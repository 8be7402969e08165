/**
 * What becomes of a session that is over. `merge`: its branch becomes part of its base; `pull_request`: its branch is
 * published; `keep_branch`: all of it is archived, the branch stays; `archive_documents`: its documents are archived, so that it
 * can take new work; `discard`: branch and worktree go to the trash; `unarchive`: what was archived or discarded is restored.
 */
export const FINISH_WAYS = [
  'keep_branch',
  'merge',
  'pull_request',
  'archive_documents',
  'discard',
  'unarchive',
] as const;
export type FinishWay = (typeof FINISH_WAYS)[number];

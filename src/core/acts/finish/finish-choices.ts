/**
 * The ways to finish a session. `merge`: merge its branch into its base; `pull_request`: publish its branch;
 * `keep_branch`: archive the session and keep its branch; `archive_documents`: archive its documents, so that it can take
 * new work; `discard`: delete branch and worktree, which a ref keeps; `unarchive`: restore what was archived.
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

/** The ways to finish a session that a person chooses between, on the page and in the terminal. */
export const FINISH_CHOICES = {
  merge: { title: 'Merge', about: 'merge its branch into its base, if the checks pass on the result' },
  pull_request: {
    title: 'Open a pull request',
    about: 'open a pull request with gh, or print the commands',
  },
  keep_branch: { title: 'Archive, keep the branch', about: 'archive it and keep its branch' },
  discard: { title: 'Discard', about: 'delete branch and worktree, which a ref keeps for 30 days' },
} as const satisfies Partial<Record<FinishWay, { title: string; about: string }>>;
export type FinishChoice = keyof typeof FINISH_CHOICES;
export const FINISH_CHOICE_NAMES = Object.keys(FINISH_CHOICES) as FinishChoice[];

/**
 * What becomes of a session that is over, named by what happens to its branch where that is the question:
 * `keep_branch`: all of it is put away, the branch stays; `archive_documents`: its documents are put away, so
 * that it can take new work; `unarchive`: what was put away comes back.
 */
export const FINISH_WAYS = ['keep_branch', 'archive_documents', 'unarchive'] as const;
export type FinishWay = (typeof FINISH_WAYS)[number];

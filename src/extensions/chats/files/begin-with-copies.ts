import { listed, shownText } from '../../../core/kernel/text.ts';
import { type GitContext, isAncestor } from '../../../core/project/git/repository.ts';
import type { BaseCommit } from '../../../core/project/worktrees/base-commit.ts';
import type { Worktree } from '../../../core/project/worktrees/worktree.ts';
import type { SessionFile } from '../../../core/session/events/bodies/session-file.ts';
import { refNameOf } from '../../../core/session/layout/names.ts';
import type { BranchBeginning } from '../../../core/worker/state/extension.ts';
import { type FirstCommit, firstCommitOn } from './first-commit.ts';

/**
 * Makes the first commit of a session's branch from the files that its chat had changed, if the person agreed. The
 * branch is created at that commit, so a worker that dies leaves either both or neither.
 */
export async function beginWithCopies(
  { chat, mainRepo, folder, id }: SessionFile,
  base: BaseCommit,
  context: GitContext,
): Promise<BranchBeginning | undefined> {
  const { brought } = chat ?? {};
  if (brought === undefined) return undefined;
  const kept = { mainRepo, sessionFolder: refNameOf({ folder, id }), copies: brought.commit };
  const made = await firstCommitOn(base.commit, { ...kept, ...context });
  const files = listed(brought.files.map(shownText), MAX_NAMED);
  if (made.kind !== 'made')
    return { outcome: async () => ({ text: whyNot(made, { files, base, copies: brought.commit }) }) };
  const startCommit = made.commit;
  const outcome = async ({ path, head, branch }: Worktree) => {
    if (!(await isAncestor(startCommit, head, { ...context, cwd: path })))
      return { text: left(files, `the branch ${branch} existed before`, brought.commit) };
    const text = `The first commit of the branch (${short(startCommit)}) contains what the chat had changed and not committed: ${files}.`;
    return { text, firstCommit: startCommit };
  };
  return { startCommit, outcome };
}

const MAX_NAMED = 10;

function whyNot(
  made: Exclude<FirstCommit, { kind: 'made' }>,
  { files, base, copies }: { files: string; base: BaseCommit; copies: string },
): string {
  switch (made.kind) {
    case 'same':
      return `${base.name} already contains what the chat had changed and not committed: ${files}.`;
    case 'conflicts':
      return left(
        files,
        `they conflict with ${base.name} in ${listed(made.files.map(shownText), MAX_NAMED)}`,
        copies,
      );
    case 'gone':
      return left(files, 'this repository does not contain the commit with their copies');
    case 'unable':
      return left(
        files,
        `git could not merge them into ${base.name}, which needs version 2.38 or newer`,
        copies,
      );
    default:
      return made satisfies never;
  }
}

/** @param copies the commit that still has them */
function left(files: string, why: string, copies?: string): string {
  const where = copies === undefined ? '' : ` Their copies: git show ${short(copies)}.`;
  return `The branch begins without the files that the chat had changed and not committed (${files}): ${why}. They are unchanged in the main checkout.${where}`;
}

function short(commit: string): string {
  return commit.slice(0, 10);
}

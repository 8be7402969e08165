import { commitOf } from '../../project/git/repository.ts';
import { commitsSince } from '../../project/worktrees/changes.ts';
import { namedShort } from '../../session/commands/judge-finish.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../acting/context.ts';
import { count } from '../reading/changes-words.ts';
import { type FinishLook, type FinishSessionInput, lookAtFinish } from './finish-session.ts';
import { type Preview, previewOf } from './preview.ts';

/** Says what finishing a session would do. Changes nothing. @throws what `lookAtFinish` throws */
export async function previewFinish(input: FinishSessionInput, context: ActionContext): Promise<Preview> {
  const look = await lookAtFinish(input, context);
  const { view, refusal } = look;
  return previewOf(view, refusal, refusal ? [] : await would(input, look, context));
}

async function would(
  { how, keep }: FinishSessionInput,
  { view, facts: { worktree }, moved }: FinishLook,
  context: ActionContext,
): Promise<string[]> {
  switch (how) {
    case 'keep_branch':
      return [
        await aboutBranch(view, context),
        ...(worktree === undefined ? [] : [aboutWorktree(worktree)]),
        `The session's folder moves to _archive/${view.folder}; unarchive restores it.`,
        'Its checkpoints are removed: it can no longer be rewound.',
      ];
    case 'archive_documents':
      return [
        `${count(moved.length, 'document')} to move into the session's own _archive: ${namedShort(moved)}.`,
        ...(keep.length > 0 ? [`Not moved: ${namedShort(keep)}.`] : []),
        'Branch, worktree and overview stay; the session can take a new goal.',
      ];
    case 'unarchive':
      return [
        `The session's folder moves back to ${view.paths.sessionsDir}; its worktree is created again when it continues.`,
      ];
    default:
      return how satisfies never;
  }
}

function aboutWorktree({ path, reading }: FinishLook['facts']['worktree'] & {}): string {
  return reading.kind === 'missing'
    ? 'Its worktree is already gone.'
    : `The worktree ${path} is removed, ignored files with it.`;
}

async function aboutBranch({ sessionFile, state }: SessionView, { env }: ActionContext): Promise<string> {
  const { worktree } = state;
  if (sessionFile === undefined || worktree === undefined) return 'It has no branch yet.';
  const { branch, base, baseCommit } = worktree;
  const options = { baseEnv: env, cwd: sessionFile.mainRepo };
  const head = await commitOf(`refs/heads/${branch}`, options);
  if (head === undefined) return `Its branch ${branch} is already gone.`;
  const { total } = await commitsSince({ ...options, base: baseCommit, head }, 1);
  return `Branch ${branch} stays: ${count(total, 'commit')} ahead of ${base}, at ${head.slice(0, 8)}.`;
}

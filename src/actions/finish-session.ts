import type { SessionView } from '../session/status.ts';
import { archiveSession, unarchiveSession } from './archive-session.ts';
import { count } from './changes-words.ts';
import type { ActionContext } from './context.ts';
import type { SessionQuestion } from './find-session.ts';
import type { FinishWay } from './finish-ways.ts';

export interface FinishSessionInput extends SessionQuestion {
  how: FinishWay;
  /** Documents that stay, with `archive_documents`. */
  keep: readonly string[];
}

export interface FinishResult {
  view: SessionView;
  /** In a sentence of ours. */
  done: string;
}

/**
 * Finishes a session in one of the ways. Work that no commit holds is never lost by it.
 * @throws CommandRefusedError with what would be lost, CommandPending
 */
export async function finishSession(
  input: FinishSessionInput,
  context: ActionContext,
): Promise<FinishResult> {
  const { how, keep, ...question } = input;
  switch (how) {
    case 'keep_branch': {
      const { view, place } = await archiveSession({ ...question, documentsOnly: false, keep: [] }, context);
      const { branch } = view.state.worktree ?? {};
      const kept = branch === undefined ? '' : ` Its branch ${branch} is kept.`;
      return { view, done: `${view.folder} is put away in ${place}.${kept}` };
    }
    case 'archive_documents': {
      const { view, place, moved } = await archiveSession(
        { ...question, documentsOnly: true, keep },
        context,
      );
      return { view, done: `Put away in ${place}: ${count(moved.length, 'document')} of ${view.folder}.` };
    }
    case 'unarchive': {
      const view = await unarchiveSession(question, context);
      return { view, done: `${view.folder} is back.` };
    }
    default:
      return how satisfies never;
  }
}

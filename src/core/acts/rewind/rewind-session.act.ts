import { ALL_FILES_MS, sendAndAwait } from '../../caller/commands/await-command.ts';
import { orThrow } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import type { Acted } from '../../caller/facts/acted.ts';
import { requireShown } from '../../caller/facts/preview.ts';
import { SamocodeError } from '../../kernel/errors.ts';
import { COMMAND_ROWS } from '../../session/commands/command-rows.ts';
import { type KeptIteration, keptIterations } from '../../session/commands/judge-rewind.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import {
  assessRewind,
  factsForRewind,
  type RewindQuestion,
  rewindPreview,
  targetText,
} from './preview-rewind.act.ts';

export interface RewindSessionResult extends Acted {
  /** A ref in MAIN_REPO with the earlier state. */
  keptBefore: string;
  /** Files left unchanged: too large, unreadable, or in nested repositories. */
  leftAsTheyAre: string[];
  /** Where commits that were removed from the branch still exist, one sentence each. */
  stays: string[];
}

/**
 * Restores worktree, plan and overview together to the end of an iteration; the session is then stopped, and `undo`
 * reverts the rewind. The branch moves too, and its old tip is kept.
 * @param input `shown`: the hash of the preview that was agreed to; without it, nothing is done
 */
export async function rewindSession(
  input: RewindQuestion & { shown: string | undefined },
  context: ActionContext,
): Promise<RewindSessionResult> {
  const assessed = await assessRewind(input, context);
  const { view: found, verdict, refs } = assessed;
  orThrow('rewind', verdict, found);
  const { preview, stays } = await rewindPreview(input.to, assessed, context);
  requireShown(preview, input.shown);
  const request = { kind: 'rewind', to: input.to, tip: refs?.tip ?? '' } as const;
  const { view, events } = await sendAndAwait(found, request, ENDS, context, { workMs: ALL_FILES_MS });
  const halfway = events.find((event) => event.type === 'blocked');
  if (halfway !== undefined)
    throw ACTION_ERRORS.rewind_halfway({ session: view.folder, reason: halfway.reason });
  const end = events.find((event) => event.type === 'rewound' || event.type === 'rewind_failed');
  if (end?.type === 'rewind_failed') throw rewindFailed(end);
  const then = view.state.status.kind === 'done' ? 'done again' : 'stopped';
  const what = `${view.folder} is rewound to ${targetText(input.to)} and is now ${then}.`;
  const done = [what, ...stays].join(' ');
  return { view, done, keptBefore: end?.undo.ref ?? '', leftAsTheyAre: end?.leftOut ?? [], stays };
}

const ENDS = ['rewound', 'rewind_failed', 'blocked'] as const;

/** The iterations that a session can be rewound to, newest first. */
export async function listCheckpoints(
  question: SessionQuestion,
  context: ActionContext,
): Promise<{ view: SessionView; kept: KeptIteration[] }> {
  const view = await findSession(question, context);
  return { view, kept: keptIterations(await factsForRewind(view, context)) };
}

function rewindFailed({ code, reason }: { code: string; reason: string }): SamocodeError {
  const what = COMMAND_ROWS.rewind.notDone;
  return new SamocodeError(code, {}, { what, why: reason, hint: 'Fix that, then rewind again.' });
}

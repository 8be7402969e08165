import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ALL_FILES_MS, sendAndAwait } from '../../caller/commands/await-command.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { theExtension } from '../../caller/context/in-this-build.ts';
import { filesAtStake, stakeLine, workAtStake } from '../../caller/facts/at-stake.ts';
import { type Preview, previewOf, requireShown } from '../../caller/facts/preview.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { capitalised } from '../../kernel/text.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { sessionPaths } from '../../session/layout/paths.ts';
import type { FinishWay } from './finish-choices.ts';
import { FINISH_ROWS, type FinishResult } from './finish-rows.ts';
import { isOnlyRead, judgeFinish } from './judge-finish.ts';
import type { ConfirmedFinish, FinishSessionInput, FinishVerdict } from './publishing.ts';

/** Describes what finishing a session would do. Changes nothing. */
export async function previewFinish(input: FinishSessionInput, context: ActionContext): Promise<Preview> {
  return await finishPreview(input, await judgeFinish(input, context), context);
}

async function finishPreview(
  input: FinishSessionInput,
  judged: FinishVerdict,
  context: ActionContext,
): Promise<Preview> {
  const { view, refusal, base } = judged;
  if (refusal) return previewOf({ view, would: [], refusal });
  const { how } = input;
  if (isOnlyRead(view)) return previewOf({ view, would: [OLDER_MOVES] }, [how]);
  const { would } = FINISH_ROWS[how];
  if (would === undefined)
    return await theExtension('forge', 'pull requests').preview(input, judged, context);
  const lines = [...would(judged, input), ...(how === 'merge' ? await aboutWork(judged, context) : [])];
  // Another commit with the same count is another one.
  return previewOf({ view, would: lines }, [how, base?.tip, ...lines]);
}

/** What a person should know of the work before it is merged. */
async function aboutWork({ view, base }: FinishVerdict, context: ActionContext): Promise<string[]> {
  const { worktree } = view.state;
  const stake = stakeLine(await workAtStake(view));
  const commits = worktree && base?.tip && { baseCommit: worktree.baseCommit, commit: base.tip };
  const files = commits && (await filesAtStake(view, commits, context));
  return [...(stake ? [`${capitalised(stake)}.`] : []), ...(files ? [files] : [])];
}

const OLDER_MOVES =
  "An earlier samocode began it: the session's folder will move, and its branch and worktree will stay.";

/** Finishes a session. Never loses uncommitted work. */
export async function finishSession(input: ConfirmedFinish, context: ActionContext): Promise<FinishResult> {
  const judged = await judgeFinish(input, context);
  const { view, refusal } = judged;
  const { how, shown, waitMs } = input;
  if (refusal) throw refusal;
  requireShown(await finishPreview(input, judged, context), shown);
  if (isOnlyRead(view)) return await moveOlder(view, how);
  const { request, endsIn, isLong, done } = FINISH_ROWS[how];
  const work = { workMs: (isLong && waitMs) ?? ALL_FILES_MS };
  const ended = await sendAndAwait(view, request(judged, input), endsIn(view), context, work);
  return await done(ended, judged, context);
}

/** Finishes a session where a person's rule has decided that, or nothing is taken away, so that no one is asked. */
export async function finishUnasked(
  input: FinishSessionInput,
  context: ActionContext,
): Promise<FinishResult> {
  const { hash: shown } = await previewFinish(input, context);
  return await finishSession({ ...input, shown }, context);
}

/** Without an event: nothing can be appended to its log. */
async function moveOlder(view: SessionView, how: FinishWay): Promise<FinishResult> {
  const { paths, folder } = view;
  const place = sessionPaths(paths.sessionsDir, folder, how !== 'unarchive').sessionDir;
  makeFolder(dirname(place));
  await rename(paths.sessionDir, place);
  const done = FINISH_ROWS[how].older?.(folder) ?? '';
  return { view, place, moved: [], commands: [], done, next: [] };
}

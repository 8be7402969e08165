import type { ActionContext } from '../../caller/context/context.ts';
import { inThisBuild } from '../../caller/context/in-this-build.ts';
import { type Preview, previewOf } from '../../caller/facts/preview.ts';
import { FINISH_ROWS } from './finish-rows.ts';
import { isOnlyRead, judgeFinish } from './judge-finish.ts';
import { type FinishSessionInput, type FinishVerdict, publishing } from './publishing.ts';

/** Describes what finishing a session would do. Changes nothing. */
export async function previewFinish(input: FinishSessionInput, context: ActionContext): Promise<Preview> {
  return await finishPreview(input, await judgeFinish(input, context), context);
}

export async function finishPreview(
  input: FinishSessionInput,
  judged: FinishVerdict,
  context: ActionContext,
): Promise<Preview> {
  const { view, refusal, base } = judged;
  if (refusal) return previewOf({ view, would: [], refusal });
  const { how } = input;
  if (isOnlyRead(view)) return previewOf({ view, would: [OLDER_MOVES] }, [how]);
  const { would } = FINISH_ROWS[how];
  if (would === undefined) return await inThisBuild(publishing).preview(input, judged, context);
  const lines = would(judged, input);
  // Another commit with the same count is another one.
  return previewOf({ view, would: lines }, [how, base?.tip, ...lines]);
}

const OLDER_MOVES =
  "An earlier samocode began it: the session's folder will move, and its branch and worktree will stay.";

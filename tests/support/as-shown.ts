import type { FinishResult } from '../../src/core/acts/finish/finish-rows.ts';
import { finishSession as finish, previewFinish } from '../../src/core/acts/finish/finish-session.act.ts';
import type { FinishSessionInput } from '../../src/core/acts/finish/publishing.ts';
import { type AnswerQaInput, answerQa as answer } from '../../src/core/acts/gates/answer-qa.act.ts';
import { readQa } from '../../src/core/acts/gates/read-qa.act.ts';
import { previewRewind, type RewindQuestion } from '../../src/core/acts/rewind/preview-rewind.act.ts';
import { rewindSession as rewind } from '../../src/core/acts/rewind/rewind-session.act.ts';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { commitOf } from '../../src/core/project/git/repository.ts';
import type { Command } from '../../src/core/session/commands/commands.ts';
import type { Worker } from '../../src/core/worker/state/worker.ts';

/** Acts as a person does who has just read what an act would do, or what is asked. */

export async function finishSession(
  input: FinishSessionInput,
  context: ActionContext,
): Promise<FinishResult> {
  const { hash: shown } = await previewFinish(input, context);
  return await finish({ ...input, shown }, context);
}

export async function rewindSession(input: RewindQuestion, context: ActionContext) {
  const { hash: shown } = await previewRewind(input, context);
  return await rewind({ ...input, shown }, context);
}

export async function answerQa(input: Omit<AnswerQaInput, 'hash'>, context: ActionContext) {
  const { hash } = await readQa(input, context);
  return await answer({ ...input, hash }, context);
}

/** A command for the branch of a session as it is now. */
export async function ofTip<Sent extends Partial<Command>>(
  worker: Pick<Worker, 'file' | 'git' | 'writer'>,
  command: Sent,
): Promise<Sent & { tip: string }> {
  const { worktree } = worker.writer.state;
  const main = { ...worker.git?.context, cwd: worker.file.mainRepo };
  const tip = worktree && (await commitOf(`refs/heads/${worktree.branch}`, main));
  return { ...command, tip: tip ?? '' };
}

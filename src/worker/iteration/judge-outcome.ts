import type { NewEvent } from '../../session/events/events.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import type { Worker } from '../core/worker.ts';
import { guardLoop, type LoopVerdict } from '../judging/loop-guard.ts';
import { type NoticedEdits, noticeCodeEdits } from '../judging/notice-code-edits.ts';
import { decideChecked } from './decide-checked.ts';
import type { LeftByChild } from './keep-what-is-left.ts';
import type { OutcomeReading } from './read-outcome.ts';

interface Judged extends LoopVerdict, NoticedEdits {}

/**
 * What follows an iteration: the decision about its outcome, held against what the last iterations brought.
 * @returns undefined when its checks were stopped
 */
export async function judgeOutcome(
  worker: Worker,
  open: OpenIteration,
  { left: { kept, after }, reading }: { left: LeftByChild; reading: OutcomeReading },
): Promise<Judged | undefined> {
  const checked = await decideChecked(worker, open, reading.outcome);
  if (checked === undefined) return undefined;
  const { codeEdits, events: ofEdits } = await noticeCodeEdits(worker, open, after);
  const verdict = guardLoop(worker, checked.decision, { phase: open.phase, kept, ...reading });
  const events: NewEvent[] = [...checked.events, ...ofEdits];
  return { ...verdict, codeEdits, events };
}

import { join } from 'node:path';
import { fingerprint } from '../../base/files/fingerprint.ts';
import { statsAt } from '../../base/files/path-stats.ts';
import { documentFingerprint, documentText } from '../../session/documents/documents.ts';
import { typedAnswers } from '../../session/documents/typed-answers.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import { limitWait } from '../../session/events/limit-wait.ts';
import type { LimitedStatus, WaitingStatus } from '../../session/events/state.ts';
import { waitingCommandIds } from '../commands/take-commands.ts';
import { RunFolderGoneError } from '../core/passing-errors.ts';
import { record, stateOf, takesTypedAnswers, type Worker } from '../core/worker.ts';
import { applyPhaseEdit } from '../judging/phase-edit.ts';
import { orderHasMoved } from './start-order.ts';

const POLL_MS = 200;
/** The longest wait of a worker itself; longer waits are left to the supervisor. */
const SHORT_WAIT_MS = 60_000;
const BY_HAND: By = { channel: 'file' };

/** Records a person's edits to the files of a waiting or blocked session. @returns true when that wakes it */
export async function wokenByHand(worker: Worker): Promise<boolean> {
  requireRunFolder(worker);
  const { status } = stateOf(worker);
  if (status.kind === 'waiting') {
    if (await orderHasMoved(worker, status)) return true;
    if (status.for === 'qa_answers' && (await takeRested(worker, status))) return true;
    if (status.for === 'file_update' && (await fileWaitIsOver(worker, status))) return true;
  }
  return await applyPhaseEdit(worker);
}

function requireRunFolder({ paths }: Worker): void {
  if (statsAt(paths.runDir) === undefined) throw new RunFolderGoneError(paths.runDir);
}

/** Takes what a person typed into `_qa.md` once the supervisor has seen exactly this text unchanged for a while. */
async function takeRested(worker: Worker, status: WaitingStatus): Promise<boolean> {
  const { rested } = worker.wake;
  if (rested === undefined || rested === status.fileHash || !takesTypedAnswers(worker)) return false;
  const text = await documentText(worker.paths.qa);
  if (text === undefined || fingerprint(text) !== rested) return false;
  const typed = typedAnswers(text, stateOf(worker), status);
  if (typed === undefined) return false;
  const { answers } = typed;
  const flow = `Answers typed into _qa.md: ${answers.map(({ id }) => id).join(', ')}`;
  await record(worker, { type: 'answers_recorded', by: BY_HAND, answers, open: [], flow });
  return true;
}

async function fileWaitIsOver(worker: Worker, status: WaitingStatus): Promise<boolean> {
  if (status.file === undefined) return false;
  const path = join(worker.paths.sessionDir, status.file);
  const hash = (await documentFingerprint(path)) ?? '';
  if (hash === status.fileHash) return false;
  const { resumePhase: phase } = status;
  const flow = `${status.file} was changed; continuing`;
  await record(worker, { type: 'resumed', by: { channel: 'file' }, phase, resetsCounts: false, flow });
  return true;
}

/** Waits out the rest of a short limit. @returns false when the worker should leave and the supervisor waits */
export async function waitsOut(worker: Worker, status: LimitedStatus): Promise<boolean> {
  const { clock, wake } = worker;
  // The program that started this worker has measured the wait, which this worker's clock might not reflect.
  const wait = wake.limitOver === status.until ? { leftMs: () => 0 } : limitWait(status, clock);
  for (let leftMs = wait.leftMs(); leftMs > 0; leftMs = wait.leftMs()) {
    if (leftMs > SHORT_WAIT_MS) return false;
    requireRunFolder(worker);
    if ((await waitingCommandIds(worker)).length > 0) return true;
    await clock.sleep(Math.min(POLL_MS, leftMs));
  }
  await record(worker, { type: 'went_on', why: 'limit_over' });
  return true;
}

import { changeFile } from '../../kernel/files/change-file.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { noteUnclear } from '../../session/documents/qa-change.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import type { LimitedStatus } from '../../session/events/state.ts';
import { limitWait } from '../../session/waits/limit-wait.ts';
import type { DueOf } from '../../session/waits/next-wake.ts';
import { waitingCommandIds } from '../commands/take-commands.ts';
import { joinEnvironment } from '../core/children-environment.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { applyPhaseEdit } from '../judging/phase-edit.ts';
import { chooseAgent } from '../limits/choose-agent.ts';
import { dueNow, withdrawQuestion } from './start-order.ts';

const POLL_MS = 200;
/** The longest wait of a worker itself; longer waits are left to the supervisor. */
const SHORT_WAIT_MS = 60_000;
const BY_HAND: By = { channel: 'file' };

/** Records what has come of that which a waiting or blocked session waits for. @returns true when that wakes it */
export async function wokenByHand(worker: Worker): Promise<boolean> {
  requireRunFolder(worker);
  const due = await dueNow(worker);
  const { status } = stateOf(worker);
  switch (due.kind) {
    case 'withdraw':
      await withdrawQuestion(worker, due.asked);
      return true;
    case 'answers': {
      // Only the supervisor sees that a person has stopped typing.
      if (due.fileHash !== worker.wake.rested) return false;
      const { answers } = due;
      if (await notedAsUnclear(worker, due)) return false;
      const flow = `Answers typed into _qa.md: ${answers.map(({ id }) => id).join(', ')}`;
      await record(worker, { type: 'answers_recorded', by: BY_HAND, answers, open: [], flow });
      return true;
    }
    case 'phase':
      return await applyPhaseEdit(worker);
    case 'file': {
      if (status.kind !== 'waiting') return false;
      const { file, resumePhase: phase } = status;
      const flow = `${file} was changed; continuing`;
      await record(worker, { type: 'resumed', by: BY_HAND, phase, resetsCounts: false, flow });
      return true;
    }
    default:
      return false;
  }
}

/** Says below typed lines that they choose nothing. @returns whether there are any: then no answer counts yet */
export async function notedAsUnclear(worker: Worker, { unclear }: DueOf<'answers'>): Promise<boolean> {
  if (unclear.length === 0) return false;
  await changeFile(worker.paths.qa, (text = '') => noteUnclear(text, unclear));
  return true;
}

function requireRunFolder({ paths }: Worker): void {
  if (statsAt(paths.runDir) === undefined)
    throw new Error(`The run folder ${paths.runDir} is gone, so the session no longer exists.`);
}

/** Waits out the rest of a short limit. @returns false when the worker should leave and the supervisor waits */
export async function waitsOut(worker: Worker, status: LimitedStatus): Promise<boolean> {
  const { clock, wake } = worker;
  if (status.kept !== undefined) {
    // The environment determines the account.
    await joinEnvironment(worker);
    const { limit } = await chooseAgent(worker, stateOf(worker).progress.phase);
    if (limit?.kept !== undefined && limitWait(status, clock).leftMs() > 0) return false;
    await record(worker, { type: 'went_on', why: 'limit_over' });
    return true;
  }
  // The program that started this worker has measured the wait, which this worker's clock might not reflect.
  const wait = wake.limitOver === status.until ? { leftMs: () => 0 } : limitWait(status, clock);
  const judge = () => dueNow(worker, { limitLeftMs: wait.leftMs() });
  for (let due = await judge(); due.kind === 'not_yet'; due = await judge()) {
    if (due.leftMs > SHORT_WAIT_MS) return false;
    requireRunFolder(worker);
    if ((await waitingCommandIds(worker)).length > 0) return true;
    await clock.sleep(Math.min(POLL_MS, due.leftMs));
  }
  await record(worker, { type: 'went_on', why: 'limit_over' });
  return true;
}

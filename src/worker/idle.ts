import { join } from 'node:path';
import { statsAt } from '../base/look-at.ts';
import { documentText } from '../session/document-text.ts';
import type { WaitingStatus } from '../session/state.ts';
import { hashOf } from './documents.ts';
import { limitAsOf } from './limit-wait.ts';
import { Looks } from './looks.ts';
import { obeyPhaseLine } from './obey-phase-line.ts';
import { waitingCommandIds } from './take-commands.ts';
import { TypedAnswersWatch } from './typed-answers.ts';
import { record, stateOf, type Worker } from './worker.ts';

const POLL_MS = 200;
/** A parked worker leaves after a day; the next server, CLI call or monitor starts another when it is needed. */
const PARKED_LIMIT_MS = 24 * 60 * 60_000;

/** Waits until there is something to do. @returns false when the worker should leave */
export async function idle(worker: Worker): Promise<boolean> {
  const { clock, projector } = worker;
  const begun = clock.monotonic();
  const looks = new Looks(clock);
  const typed = new TypedAnswersWatch(worker);
  const limit = limitAsOf(worker);
  for (;;) {
    requireRunFolder(worker);
    // What a full disk did not take would else wait for the next event, which may be a day away.
    if (projector.problem !== undefined) await projector.apply(stateOf(worker), []);
    if ((await waitingCommandIds(worker)).length > 0) return true;
    const { status } = stateOf(worker);
    if (status.kind === 'limited' && (limit === undefined || limit.isOver())) {
      await record(worker, { type: 'went_on', why: 'limit_over' });
      return true;
    }
    if (status.kind === 'waiting') {
      const isForAnswers = status.for === 'qa_answers';
      if (await (isForAnswers ? typed.look(status) : fileWaitIsOver(worker, status, looks))) return true;
    }
    const parked = status.kind === 'waiting' || status.kind === 'blocked';
    if (parked && looks.isDue(worker.paths.overview) && (await obeyPhaseLine(worker))) return true;
    if (parked && clock.monotonic() - begun > PARKED_LIMIT_MS) return false;
    await clock.sleep(POLL_MS);
  }
}

/** The run folder was taken away while nothing ran: whoever did so wants no worker, least of all one nobody sees. */
export class RunFolderGoneError extends Error {
  constructor(runDir: string) {
    super(`The run folder ${runDir} is gone, and with it the session.`);
  }
}

function requireRunFolder({ paths }: Worker): void {
  if (statsAt(paths.runDir) === undefined) throw new RunFolderGoneError(paths.runDir);
}

async function fileWaitIsOver(worker: Worker, status: WaitingStatus, looks: Looks): Promise<boolean> {
  if (status.for !== 'file_update' || status.file === undefined) return false;
  const path = join(worker.paths.sessionDir, status.file);
  if (!looks.isDue(path)) return false;
  const hash = hashOf(await documentText(path)) ?? '';
  if (hash === status.fileHash) return false;
  const { resumePhase: phase } = status;
  const flow = `${status.file} was changed; going on`;
  await record(worker, { type: 'resumed', by: { channel: 'file' }, phase, resetsCounts: false, flow });
  return true;
}

import type { NewEvent } from '../../session/events/events.ts';
import { type OpenWork, workNow } from '../../session/events/open-work.ts';
import { settle } from '../record/settle.ts';
import { type Failure, type Performer, type Performers, sessionExtensions } from '../state/extension.ts';
import { lastingFailure } from '../state/passing-errors.ts';
import { Stopped } from '../state/stopped.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';
import { performArchive, performUnarchive } from './archive.ts';
import { discardUnbegun } from './discard.ts';
import { performDocuments } from './documents.ts';
import { mergeFailed, mergeStopped, performMerge } from './merge.ts';
import { performRewind, rewindFailed } from './rewind.ts';

const PERFORMERS: Partial<Performers> = {
  decision: { perform: settle },
  discard_unbegun: { perform: discardUnbegun },
  rewind: { perform: performRewind, failed: rewindFailed },
  archive: { perform: performArchive, failed },
  discard: { perform: performArchive, failed },
  documents: { perform: performDocuments, failed },
  unarchive: { perform: performUnarchive, failed },
  merge: { perform: performMerge, failed: mergeFailed, stopped: mergeStopped },
};

/** Does what is in progress. A lasting failure ends it, and is recorded with its reason. @returns false if nothing is */
export async function performWork(worker: Worker): Promise<boolean> {
  const work = workNow(stateOf(worker));
  if (work === undefined) return false;
  const { perform, failed: failedAs, stopped } = performerOf(work.kind);
  try {
    await record(worker, ...(await perform(worker, work)));
  } catch (error) {
    if (error instanceof Stopped && stopped !== undefined) {
      await record(worker, stopped(work));
      return true;
    }
    if (failedAs === undefined || error instanceof Stopped) throw error;
    const then = work.kind === 'rewind' ? 'resume the session' : 'ask for it again';
    await record(worker, await failedAs(work, lastingFailure(worker, error, then), worker));
  }
  return true;
}

function performerOf(kind: OpenWork['kind']): Performer<OpenWork['kind']> {
  const rows = Object.assign({}, PERFORMERS, ...sessionExtensions.items.map(({ performers }) => performers));
  // TypeScript cannot relate the row of a kind to the work of that kind.
  return rows[kind] ?? { perform: async (_worker, work) => [unable(work)] };
}

/** The end of work that was asked for with another build. */
function unable(work: OpenWork): NewEvent {
  const message = `This build was made without the extension for "${work.kind}".`;
  return failed(work, { code: 'no_extension', message });
}

function failed({ kind }: OpenWork, { code, message: reason }: Failure): NewEvent {
  const flow = `A command was accepted, but not all of it could be done. ${reason}`;
  return { type: 'finish_ended', kind, code, reason, flow };
}

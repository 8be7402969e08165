import { performPublish } from '../../../extensions/github/worker/publish.ts';
import type { Finishing, FinishingOf } from '../../session/events/bodies/finishing.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { lastingFailure } from '../core/passing-errors.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { performArchive, performUnarchive } from './archive.ts';
import { performDocuments } from './documents.ts';
import { performMerge } from './merge.ts';

/** Each does its work, from the start or from wherever a crash interrupted it. @returns the events that end it */
const PERFORMERS: {
  readonly [K in Finishing['kind']]: (worker: Worker, work: FinishingOf<K>) => Promise<NewEvent[]>;
} = {
  archive: performArchive,
  discard: performArchive,
  documents: performDocuments,
  unarchive: performUnarchive,
  merge: performMerge,
  publish: performPublish,
};

/** Does what was asked for at the end of a session. A lasting failure ends it, and is recorded with its reason. */
export async function performFinishing(worker: Worker): Promise<void> {
  const { finishing } = stateOf(worker);
  if (finishing === undefined) return;
  const { work, isOld } = finishing;
  try {
    // TypeScript cannot relate the row of a kind to the work of that kind.
    const events = await (PERFORMERS[work.kind] as (worker: Worker, work: Finishing) => Promise<NewEvent[]>)(
      worker,
      work,
    );
    await record(worker, ...(isOld ? [{ type: 'finish_ended' as const, kind: work.kind }] : events));
  } catch (error) {
    const { code, message } = lastingFailure(worker, error, 'ask for it again');
    await record(worker, failed(work, { code, reason: message }));
  }
}

function failed(work: Finishing, { code, reason }: { code: string; reason: string }): NewEvent {
  if (work.kind === 'merge') {
    const { into } = work;
    const flow = `Not merged into ${into}: ${reason}`;
    return { type: 'merge_ended', into, outcome: 'failed', reason, files: [], commands: [], flow };
  }
  if (work.kind === 'publish') {
    const { by, what } = work;
    const end = { outcome: 'failed' as const, summary: reason, commands: [], flow: reason };
    return { type: 'publish_ended', by, what, ...end };
  }
  const flow = `A command was accepted, but not all of it could be done. ${reason}`;
  return { type: 'finish_ended', kind: work.kind, code, reason, flow };
}

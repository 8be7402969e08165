import type { Finishing, FinishingOf } from '../../session/events/bodies/finishing.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { lastingFailure } from '../core/passing-errors.ts';
import { type Performer, type Performers, sessionExtensions } from '../core/session-extension.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { performArchive, performUnarchive } from './archive.ts';
import { performDocuments } from './documents.ts';
import { performMerge } from './merge.ts';

const PERFORMERS: Partial<Performers> = {
  archive: { perform: performArchive, failed },
  discard: { perform: performArchive, failed },
  documents: { perform: performDocuments, failed },
  unarchive: { perform: performUnarchive, failed },
  merge: { perform: performMerge, failed: mergeFailed },
};

/** Does what was asked for at the end of a session. A lasting failure ends it, and is recorded with its reason. */
export async function performFinishing(worker: Worker): Promise<void> {
  const { finishing } = stateOf(worker);
  if (finishing === undefined) return;
  const { work, isOld } = finishing;
  const { perform, failed } = performerOf(work.kind);
  try {
    const events = await perform(worker, work);
    await record(worker, ...(isOld ? [{ type: 'finish_ended' as const, kind: work.kind }] : events));
  } catch (error) {
    const { code, message: reason } = lastingFailure(worker, error, 'ask for it again');
    await record(worker, failed(work, { code, reason }));
  }
}

function performerOf(kind: Finishing['kind']): Performer<Finishing['kind']> {
  const rows = Object.assign({}, PERFORMERS, ...sessionExtensions.items.map(({ finishing }) => finishing));
  // TypeScript cannot relate the row of a kind to the work of that kind.
  return rows[kind] ?? { perform: async () => [unable(kind)], failed };
}

/** The end of work that was asked for with another build. */
function unable(kind: Finishing['kind']): NewEvent {
  const reason = `This build was made without the extension for "${kind}".`;
  return failed({ kind }, { code: 'no_extension', reason });
}

function mergeFailed({ into }: FinishingOf<'merge'>, { reason }: { reason: string }): NewEvent {
  const flow = `Not merged into ${into}: ${reason}`;
  return { type: 'merge_ended', into, outcome: 'failed', reason, files: [], commands: [], flow };
}

function failed(
  { kind }: Pick<Finishing, 'kind'>,
  { code, reason }: { code: string; reason: string },
): NewEvent {
  const flow = `A command was accepted, but not all of it could be done. ${reason}`;
  return { type: 'finish_ended', kind, code, reason, flow };
}

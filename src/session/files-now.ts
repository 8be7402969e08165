import { join } from 'node:path';
import { documentFingerprint, documentText } from './documents/documents.ts';
import type { SessionFile } from './events/session-file.ts';
import type { SessionView } from './events/session-view.ts';
import { MAX_OVERVIEW_BYTES } from './layout/paths.ts';

/** What a waiting session waits for in its files; a file that its wait does not concern is not read. */
export interface FilesNow {
  session: Pick<SessionFile, 'folder' | 'group' | 'order' | 'settings'>;
  qa?: string | undefined;
  /** The fingerprint of the awaited file; empty if it is missing. */
  awaited?: string | undefined;
  overview?: string | undefined;
}

type Place = Pick<SessionView, 'paths' | 'state'>;

/** The paths of those files, the overview first. */
export function awaitedPaths({ paths, state: { status } }: Place): string[] {
  if (status.kind === 'blocked') return [paths.overview];
  if (status.kind !== 'waiting') return [];
  const files = [paths.overview];
  if (status.for === 'qa_answers') files.push(paths.qa);
  if (status.for === 'file_update' && status.file !== undefined)
    files.push(join(paths.sessionDir, status.file));
  return files;
}

/** Reads those files, for supervisor and worker alike. */
export async function readFilesNow(session: FilesNow['session'], place: Place): Promise<FilesNow> {
  const { status } = place.state;
  const [overview, other] = awaitedPaths(place);
  const isQa = status.kind === 'waiting' && status.for === 'qa_answers';
  return {
    session,
    overview: overview && (await documentText(overview, MAX_OVERVIEW_BYTES)),
    qa: isQa && other ? await documentText(other) : undefined,
    awaited: !isQa && other ? ((await documentFingerprint(other)) ?? '') : undefined,
  };
}

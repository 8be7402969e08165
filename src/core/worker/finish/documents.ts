import { cp, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { changeFile } from '../../kernel/files/change-file.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { counted } from '../../kernel/text.ts';
import { parseDocumentName } from '../../session/documents/documents.ts';
import { changeOverview } from '../../session/documents/overview.ts';
import type { FinishingOf } from '../../session/events/bodies/finishing.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { SCREENS, type SessionPaths } from '../../session/layout/paths.ts';
import type { Worker } from '../state/worker.ts';

export async function performDocuments(
  { paths }: Worker,
  { by, moved, kept, to }: FinishingOf<'documents'>,
): Promise<NewEvent[]> {
  const folder = join(paths.archive, basename(to));
  await mkdir(folder, { recursive: true });
  for (const name of moved.filter((each) => parseDocumentName(each) !== undefined))
    await ifExists(rename(join(paths.sessionDir, name), join(folder, name)));
  await archivePictures(paths, folder);
  const reset = { lastAction: `Documents archived to ${to}`, next: 'New work' };
  await changeFile(paths.overview, (text) => changeOverview(text ?? '', reset));
  const left = kept.length > 0 ? `; kept: ${kept.join(', ')}` : '';
  const flow = `${counted(moved.length, 'document')} archived -> ${to}${left}`;
  return [{ type: 'archived', by, what: 'documents', moved, to, flow }];
}

/** Moves the pictures that documents link to; copies them while documents that are not moved may link to them too. */
async function archivePictures({ sessionDir, screens }: SessionPaths, folder: string): Promise<void> {
  const isShared = namesAt(sessionDir)?.some((name) => parseDocumentName(name) !== undefined);
  const to = join(folder, SCREENS);
  // Links and pipes made by an agent are skipped.
  const filter = (from: string) => statsAt(from)?.isFile() || statsAt(from)?.isDirectory() || false;
  await ifExists(isShared ? cp(screens, to, { recursive: true, filter }) : rename(screens, to));
}

import { cp, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { changeFile } from '../../base/files/change-file.ts';
import { namesAt, statsAt } from '../../base/files/path-stats.ts';
import { stampsAt } from '../../base/files/stamps.ts';
import { parseDocumentName } from '../../session/documents/documents.ts';
import { changeOverview, readOverview } from '../../session/documents/overview.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';
import { SCREENS, type SessionPaths } from '../../session/layout/paths.ts';
import type { Worker } from '../core/worker.ts';
import { readOwnOverview } from '../documents/own-documents.ts';

export async function moveDocuments(
  { paths }: Worker,
  { moved, to }: { moved: readonly string[]; to: string },
): Promise<void> {
  const folder = join(paths.archive, basename(to));
  await mkdir(folder, { recursive: true });
  for (const name of moved.filter((each) => parseDocumentName(each) !== undefined))
    await ifExists(rename(join(paths.sessionDir, name), join(folder, name)));
  await archivePictures(paths, folder);
  // Written last: it shows the next worker that all documents were moved.
  const reset = { lastAction: archivedText(to), next: 'New work' };
  await changeFile(paths.overview, (text) => changeOverview(text ?? '', reset));
}

/** Moves the pictures that documents link to; copies them while documents that are not moved may link to them too. */
async function archivePictures({ sessionDir, screens }: SessionPaths, folder: string): Promise<void> {
  const isShared = namesAt(sessionDir)?.some((name) => parseDocumentName(name) !== undefined);
  const to = join(folder, SCREENS);
  // Links and pipes made by an agent are skipped.
  const filter = (from: string) => statsAt(from)?.isFile() || statsAt(from)?.isDirectory() || false;
  await ifExists(isShared ? cp(screens, to, { recursive: true, filter }) : rename(screens, to));
}

export async function areDocumentsMoved({ paths }: Worker, { to }: { to: string }): Promise<boolean> {
  return readOverview((await readOwnOverview(paths)) ?? '').lastAction === archivedText(to);
}

/** Includes the folder, which differs for each archiving. */
function archivedText(to: string): string {
  return `Documents archived to ${to}`;
}

/** A free name among the earlier archives of the session's documents. */
export function freeArchiveName({ paths, clock, file }: Worker): string {
  const name = `${stampsAt(clock.now()).folderDate}-${nameWithoutDate(file.folder)}`;
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}-${number}`;
    if (statsAt(join(paths.archive, free)) === undefined) return free;
  }
}

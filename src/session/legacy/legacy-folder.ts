import { basename, join } from 'node:path';
import { isoUtc } from '../../base/clock.ts';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { documentText } from '../documents/document-text.ts';
import { parseQa } from '../documents/qa.ts';
import type { QaQuestion } from '../documents/qa-question.ts';
import { MAX_SIGNAL_BYTES } from '../documents/signal.ts';
import type { SessionPaths } from '../layout/paths.ts';
import type { LegacyTexts } from './legacy.ts';

/** The early layout of the original tool kept the overview in a folder of its own. */
export const NESTED_FOLDER = '_samocode';

/** A folder without machine state as its files show it. */
export interface LegacyFolder extends LegacyTexts {
  /** ISO time of the last change to the overview, or to the folder where it has none. */
  since: string;
  questions: QaQuestion[];
  /** The overview lies in `_samocode/`. */
  isNested: boolean;
  /** `_samocode/` holds another `_samocode/`. */
  isNestedTwice: boolean;
  /** Names of files that are folders, pipes or links, and of folders that are none. */
  notPlain: string[];
}

/** Reads a folder of the original tool. @returns undefined for a folder in which no session ever ran */
export async function readLegacyFolder(paths: SessionPaths): Promise<LegacyFolder | undefined> {
  const { sessionDir } = paths;
  const nestedDir = join(sessionDir, NESTED_FOLDER);
  const isNestedTwice = isFolder(join(nestedDir, NESTED_FOLDER));
  const nestedOverview = join(nestedDir, basename(paths.overview));
  const isNested = statsAt(paths.overview) === undefined && statsAt(nestedOverview) !== undefined;
  if (!isNested && !isNestedTwice && !hasTraces(paths)) return undefined;
  const overviewPath = isNested ? nestedOverview : paths.overview;
  const [overview, history, signal, qa] = await Promise.all([
    documentText(overviewPath),
    documentText(paths.history),
    documentText(paths.signal, MAX_SIGNAL_BYTES),
    documentText(paths.qa),
  ]);
  const stats = statsAt(overviewPath) ?? statsAt(sessionDir);
  return {
    overview,
    history,
    signal,
    fileNames: namesAt(sessionDir) ?? [],
    questions: qa === undefined ? [] : parseQa(qa).questions,
    since: isoUtc(Math.trunc(stats?.mtimeMs ?? 0)),
    isNested,
    isNestedTwice,
    notPlain: notPlain(paths),
  };
}

/** The name of a folder alone makes no session: people keep notes there too. */
function hasTraces({ overview, qa, signal, history, sessionLog, logs }: SessionPaths): boolean {
  return [overview, qa, signal, history, sessionLog, logs].some((path) => statsAt(path) !== undefined);
}

function notPlain({ overview, qa, signal, history, sessionLog, logs, inbox }: SessionPaths): string[] {
  const files = [overview, qa, signal, history, sessionLog].filter(
    (path) => statsAt(path)?.isFile() === false,
  );
  return [...files, ...[logs, inbox].filter((path) => statsAt(path) && !isFolder(path))].map((path) =>
    basename(path),
  );
}

function isFolder(path: string): boolean {
  return statsAt(path)?.isDirectory() === true;
}

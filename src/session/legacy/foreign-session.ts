import { basename, join } from 'node:path';
import { isoUtc } from '../../base/clock.ts';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { shellWord } from '../../base/shell-quoted.ts';
import { documentText } from '../documents/documents.ts';
import { readOverview } from '../documents/overview.ts';
import { parseQa } from '../documents/qa.ts';
import { MAX_SIGNAL_BYTES } from '../documents/signal.ts';
import type { SessionView } from '../events/session-view.ts';
import { emptyState, type SessionState } from '../events/state.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { type LegacyFacts, type LegacyPlace, placeOf } from './legacy-place.ts';

/**
 * A folder of the Python samocode, or one made by hand: it has nothing in `.run/`. It is shown as it says of itself; a
 * resume makes a session of it.
 * @returns undefined for any other folder
 */
export async function readForeignSession(paths: SessionPaths): Promise<SessionView | undefined> {
  const folder = await readLegacyFolder(paths);
  if (folder === undefined) return undefined;
  const found = placeOf(folder, paths.folder);
  const obstacles = obstaclesIn(folder, paths).map(({ problem }) => problem);
  const unwritten = obstacles.length === 0 && folder.overview === undefined ? [UNWRITTEN] : [];
  return {
    folder: paths.folder,
    paths,
    state: stateOf(folder, 'phase' in found ? found : { phase: 'init', says: { kind: 'stopped' } }),
    worker: 'none',
    pendingCommands: [],
    problems: [...obstacles, ...unwritten, ...('question' in found ? [found.question] : [])],
    wantsWorker: false,
    needsWorker: false,
    isForeign: true,
  };
}

const UNWRITTEN =
  'The session was stopped before its overview was written, so its task is not on record: give it as the goal when you resume.';

function stateOf(folder: LegacyFolder, { phase, says }: LegacyPlace): SessionState {
  const empty = emptyState();
  const { iteration, totalIterations } = readOverview(folder.overview ?? '');
  return {
    ...empty,
    createdAt: folder.since,
    status: statusOf(folder, { phase, says }),
    progress: {
      ...empty.progress,
      phase,
      phaseIteration: iteration ?? 0,
      totalIterations: totalIterations ?? 0,
    },
  };
}

function statusOf({ since, overview, questions }: LegacyFolder, { phase, says }: LegacyPlace) {
  switch (says.kind) {
    case 'done':
      return { kind: 'done', since, summary: readOverview(overview ?? '').lastAction ?? '' } as const;
    case 'blocked':
      return { ...says, since, rule: 'child_blocked' };
    case 'waiting': {
      const open = questions.filter(({ answer }) => answer === undefined).map(({ id }) => id);
      const openQuestions = says.for === 'qa_answers' ? open : [];
      return { ...says, since, resumePhase: phase, openQuestions, unconfirmed: [] };
    }
    case 'stopped': {
      const why = 'It was made by the Python samocode, or by hand, and no worker runs it.';
      return { ...says, since, by: { channel: 'file' }, why } as const;
    }
    default:
      return says satisfies never;
  }
}

/** The early layout of the original tool kept the overview in a folder of its own. */
const NESTED_FOLDER = '_samocode';

/** A folder without machine state as its files show it. */
export interface LegacyFolder extends LegacyFacts {
  /** ISO time of the last change to the overview, or to the folder where it has none. */
  since: string;
  isNested: boolean;
  /** Names of files that are folders, pipes or links, and of folders that are none. */
  notPlain: string[];
}

/** Reads a folder of the original tool. @returns undefined for a folder in which no session ever ran */
export async function readLegacyFolder(paths: SessionPaths): Promise<LegacyFolder | undefined> {
  const { sessionDir } = paths;
  const nestedDir = join(sessionDir, NESTED_FOLDER);
  const nestedOverview = join(nestedDir, basename(paths.overview));
  const isNested = statsAt(paths.overview) === undefined && statsAt(nestedOverview) !== undefined;
  if (!isNested && !hasTraces(paths)) return undefined;
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

/** What a person has to move before a worker can write there, in words for people. */
export function obstaclesIn(
  { isNested, notPlain }: LegacyFolder,
  { sessionDir }: SessionPaths,
): { code: 'nested_layout' | 'not_plain'; problem: string }[] {
  const move = `mv -n ${shellWord(join(sessionDir, NESTED_FOLDER))}/* ${shellWord(`${sessionDir}/`)}`;
  const layout = `The overview is in ${NESTED_FOLDER}/, a layout that is no longer used. Move its files one folder up: ${move}`;
  const nested = isNested ? [{ code: 'nested_layout', problem: layout } as const] : [];
  const names = notPlain.map((name) => `${name} is not a plain file or folder: move it aside.`);
  return [...nested, ...names.map((problem) => ({ code: 'not_plain', problem }) as const)];
}

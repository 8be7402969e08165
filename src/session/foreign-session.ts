import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isoUtc } from '../base/clock.ts';
import { ifExists } from '../base/errors.ts';
import { statsAt } from '../base/look-at.ts';
import { shellWord } from '../base/shell-quoted.ts';
import { type BoundedReading, readBoundedText } from './bounded-text.ts';
import { inferPhase } from './legacy.ts';
import { type OverviewReading, readOverview } from './overview.ts';
import { MAX_OVERVIEW_BYTES, type SessionPaths } from './paths.ts';
import { emptyState, type SessionState } from './state.ts';
import type { SessionView } from './status.ts';

/** The early layout of the original tool kept the notebook in a folder of its own. */
const NESTED_FOLDER = '_samocode';

/** More signals than it takes to see where a session stood. */
const HISTORY_BYTES = 1024 * 1024;

/** A folder of the original tool, which has nothing in `.run/`. @returns undefined for any other folder */
export async function readForeignSession(paths: SessionPaths): Promise<SessionView | undefined> {
  const nested = join(paths.sessionDir, NESTED_FOLDER, '_overview.md');
  const outer = await notebookAt(paths.overview);
  const notebook = outer ?? (await notebookAt(nested));
  if (notebook === undefined) return undefined;
  const history = textOf(await readBoundedText(paths.history, { maxBytes: HISTORY_BYTES, keep: 'end' }));
  const fileNames = (await ifExists(readdir(paths.sessionDir))) ?? [];
  const inferred = inferPhase({ overview: notebook.text, history, fileNames });
  const problems = [
    ...(outer === undefined ? [nestedProblem(paths)] : []),
    ...notebook.problems,
    ...('question' in inferred ? [inferred.question] : []),
  ];
  const phase = 'phase' in inferred ? inferred.phase : emptyState().progress.phase;
  return {
    folder: paths.folder,
    paths,
    state: stateAt(phase, readOverview(notebook.text), notebook.since),
    worker: 'none',
    pendingCommands: [],
    problems,
    wantsWorker: false,
    needsWorker: false,
    isForeign: true,
  };
}

/** What is to be done with a session of the early layout before it can go on. */
export function nestedProblem({ sessionDir }: SessionPaths): string {
  return `The notebook lies in ${NESTED_FOLDER}/, a layout that was given up. Move its files one folder up: mv -n ${shellWord(join(sessionDir, NESTED_FOLDER))}/* ${shellWord(`${sessionDir}/`)}`;
}

interface Notebook {
  text: string;
  since: string;
  problems: string[];
}

async function notebookAt(path: string): Promise<Notebook | undefined> {
  const reading = await readBoundedText(path, { maxBytes: MAX_OVERVIEW_BYTES, keep: 'start' });
  const stats = statsAt(path);
  if (reading.kind === 'missing' || stats === undefined) return undefined;
  return {
    text: textOf(reading),
    since: isoUtc(Math.trunc(stats.mtimeMs)),
    problems: problemsOf(reading, basename(path)),
  };
}

function problemsOf(reading: BoundedReading, name: string): string[] {
  if (reading.kind === 'unusable') return [`${name} is ${reading.problem}.`];
  if (reading.kind === 'missing' || reading.omittedBytes === 0) return [];
  return [`${name} is too large: its last ${reading.omittedBytes} bytes are not read.`];
}

function textOf(reading: BoundedReading): string {
  return reading.kind === 'text' ? reading.text : '';
}

function stateAt(
  phase: SessionState['progress']['phase'],
  overview: OverviewReading,
  since: string,
): SessionState {
  const empty = emptyState();
  const why = 'It was opened by hand or by the original samocode, and no worker runs it.';
  const status: SessionState['status'] =
    phase === 'done'
      ? { kind: 'done', since, summary: overview.lastAction ?? '' }
      : { kind: 'stopped', since, by: { channel: 'file' }, why };
  return {
    ...empty,
    createdAt: since,
    status,
    progress: {
      ...empty.progress,
      phase,
      phaseIteration: overview.iteration ?? 0,
      totalIterations: overview.totalIterations ?? 0,
    },
  };
}

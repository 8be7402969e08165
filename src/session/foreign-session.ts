import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isoUtc } from '../base/clock.ts';
import { ifExists } from '../base/errors.ts';
import { shellWord } from '../base/shell-quoted.ts';
import { inferPhase } from './legacy.ts';
import { type OverviewReading, readOverview } from './overview.ts';
import type { SessionPaths } from './paths.ts';
import { emptyState, type SessionState } from './state.ts';
import type { SessionView } from './status.ts';

/** The early layout of the original tool kept the notebook in a folder of its own. */
const NESTED_FOLDER = '_samocode';

/** A folder of the original tool, which has nothing in `.run/`. @returns undefined for any other folder */
export async function readForeignSession(paths: SessionPaths): Promise<SessionView | undefined> {
  const nested = join(paths.sessionDir, NESTED_FOLDER, '_overview.md');
  const outer = await notebookAt(paths.overview);
  const notebook = outer ?? (await notebookAt(nested));
  if (notebook === undefined) return undefined;
  const history = await ifExists(readFile(paths.history, 'utf8'));
  const fileNames = (await ifExists(readdir(paths.sessionDir))) ?? [];
  const inferred = inferPhase({ overview: notebook.text, history, fileNames });
  const problems = [
    ...(outer === undefined ? [nestedProblem(paths)] : []),
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

async function notebookAt(path: string): Promise<{ text: string; since: string } | undefined> {
  const [text, stats] = await Promise.all([ifExists(readFile(path, 'utf8')), ifExists(stat(path))]);
  if (text === undefined || stats === undefined) return undefined;
  return { text, since: isoUtc(Math.trunc(stats.mtimeMs)) };
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

import { readOverview } from '../documents/overview.ts';
import type { SessionView } from '../events/session-view.ts';
import { emptyState, type SessionState } from '../events/state.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { type LegacyFolder, obstaclesIn, readLegacyFolder } from './legacy-folder.ts';
import { type LegacyPlace, placeOf } from './legacy-place.ts';

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

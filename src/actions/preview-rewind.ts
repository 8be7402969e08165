import { SamocodeError } from '../base/errors.ts';
import { commitsSince } from '../project/changes.ts';
import { keptRewinds } from '../project/checkpoint-refs.ts';
import { commitOf } from '../project/repository.ts';
import { readEvents } from '../session/event-log.ts';
import type { RewindTarget } from '../session/event-types.ts';
import type { SessionEvent } from '../session/events.ts';
import { isRewinding } from '../session/fold-rewound.ts';
import { findRewindPoint } from '../session/rewind-point.ts';
import type { SessionView } from '../session/status.ts';
import { count } from './changes-words.ts';
import type { ActionContext } from './context.ts';
import type { SessionQuestion } from './find-session.ts';
import { type KeptIteration, listCheckpoints } from './rewind-session.ts';

/** What a rewind would do, in sentences of ours. */
export interface RewindPreview {
  view: SessionView;
  would: string[];
  /** Empty: nothing stands against it. */
  hindrances: string[];
}

/** Looks what a rewind would undo. Changes nothing. @throws SessionNotFoundError, CheckpointNotKeptError */
export async function previewRewind(
  { to, ...question }: SessionQuestion & { to: RewindTarget },
  context: ActionContext,
): Promise<RewindPreview> {
  const { view, kept } = await listCheckpoints(question, context);
  const events = await readEvents(view.paths.events, 0);
  const isKept = to === 'undo' || kept.some(({ iteration }) => iteration === to);
  const options = { baseEnv: context.env, cwd: view.sessionFile?.mainRepo ?? view.paths.sessionDir };
  const undoable =
    to === 'undo' ? await keptRewinds(view.sessionFile?.folder ?? view.folder, options) : new Set<number>();
  const point = isKept ? findRewindPoint(events, to, undoable) : undefined;
  if (point === undefined) throw new CheckpointNotKeptError(view.folder, to, kept);
  const { phase } = point.back.progress;
  const where = to === 'undo' ? 'what stood there before the last rewind' : `the end of iteration ${to}`;
  return {
    view,
    would: [
      `Files, plan, notebook and branch go back to ${where}; the session then stands in ${phase} and is stopped.`,
      ...(to === 'undo'
        ? []
        : [...undoneActs(events, to), ...(await undoneCommits(view, events, to, context))]),
      'All that stands there now is kept, uncommitted files too; undo brings it back. Ignored files stay.',
    ],
    hindrances: inTheWay(view),
  };
}

function inTheWay({ state }: SessionView): string[] {
  if (state.archived) return ['The session is in the archive: finish_session with unarchive first.'];
  if (state.openIteration !== undefined) return ['An agent works in it: stop_session first.'];
  return isRewinding(state) ? ['Another rewind is not over yet: wait.'] : [];
}

const HUMAN_ACTS = {
  answers_recorded: 'later answers of the human',
  plan_approved: 'a later approval of the plan',
} as const;

/** Iterations and human acts behind the point: they do not count any more. */
function undoneActs(events: readonly SessionEvent[], to: number): string[] {
  const at =
    to === 0
      ? -1
      : events.findLastIndex((event) => event.type === 'iteration_ended' && event.iteration === to);
  const after = events.slice(at + 1);
  const gone = after.flatMap((event) => (event.type === 'iteration_ended' ? [event.iteration] : []));
  const acts = Object.entries(HUMAN_ACTS).filter(([type]) => after.some((event) => event.type === type));
  return [undoneIterations(gone), ...acts.map(([, what]) => `Undone: ${what}.`)];
}

function undoneIterations(gone: readonly number[]): string {
  const [first] = gone;
  if (first === undefined) return 'No iteration is undone.';
  return gone.length === 1 ? `Undone: iteration ${first}.` : `Undone: iterations ${first} to ${gone.at(-1)}.`;
}

async function undoneCommits(
  { sessionFile, state }: SessionView,
  events: readonly SessionEvent[],
  to: number,
  { env }: ActionContext,
): Promise<string[]> {
  const { worktree } = state;
  if (sessionFile === undefined || worktree === undefined) return [];
  const ended = events.findLast((event) => event.type === 'iteration_ended' && event.iteration === to);
  const base = ended?.type === 'iteration_ended' ? ended.head : worktree.baseCommit;
  const options = { baseEnv: env, cwd: sessionFile.mainRepo };
  const head = await commitOf(`refs/heads/${worktree.branch}`, options);
  if (base === undefined || head === undefined) return [];
  const { total } = await commitsSince({ ...options, base, head }, 1);
  return total === 0
    ? []
    : [`Leaving branch ${worktree.branch}: ${count(total, 'commit')}; the tip is kept.`];
}

class CheckpointNotKeptError extends SamocodeError {
  readonly code = 'checkpoint_gone';

  constructor(folder: string, to: RewindTarget, kept: readonly KeptIteration[]) {
    const numbers = kept.map(({ iteration }) => iteration).slice(0, 30);
    super(
      'Nothing was changed.',
      to === 'undo'
        ? `${folder} has no rewind to take back.`
        : `${folder} has no checkpoint of iteration ${to}, or it is not kept any more.`,
      numbers.length === 0
        ? 'It keeps none yet: there is one after each iteration.'
        : `It can go back to: ${numbers.join(', ')}.`,
    );
  }
}

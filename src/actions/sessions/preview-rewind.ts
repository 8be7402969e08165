import { commitOf } from '../../project/git/repository.ts';
import { commitsSince } from '../../project/worktrees/changes.ts';
import type { RewindTarget } from '../../session/events/bodies/positions.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ActionContext } from '../acting/context.ts';
import { earlyRefusal } from '../acting/early-refusal.ts';
import { type Preview, previewOf } from '../acting/preview.ts';
import type { SessionQuestion } from '../places/find-session.ts';
import { count } from '../reading/changes-words.ts';
import { lookAtRewind } from './rewind-session.ts';

/** Says what a rewind would undo. Changes nothing. @throws session_not_found; an early refusal where nothing is kept */
export async function previewRewind(
  { to, ...question }: SessionQuestion & { to: RewindTarget },
  context: ActionContext,
): Promise<Preview> {
  const { view, facts, verdict } = await lookAtRewind({ to, ...question }, context);
  if (verdict.kind === 'refused') {
    const refusal = earlyRefusal(verdict, view);
    if (refusal.code === 'checkpoint_gone' || refusal.code === 'nothing_kept') throw refusal;
    return previewOf(view, refusal, []);
  }
  const { phase } = verdict.back.progress;
  const where = to === 'undo' ? 'the state before the last rewind' : `the end of iteration ${to}`;
  const { events } = facts;
  return previewOf(view, undefined, [
    `Files, plan, overview and branch are restored to ${where}; the session is then stopped in ${phase}.`,
    ...(to === 'undo'
      ? []
      : [...undoneActs(events, to), ...(await undoneCommits(view, events, to, context))]),
    'The present state is kept, uncommitted files included; undo restores it. Ignored files are not changed.',
  ]);
}

const HUMAN_ACTS = {
  answers_recorded: 'later answers of the user',
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

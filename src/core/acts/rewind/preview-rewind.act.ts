import { earlyRefusal } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import type { SessionQuestion } from '../../caller/context/find-session.ts';
import type { Preview } from '../../caller/facts/preview.ts';
import { counted } from '../../kernel/text.ts';
import type { RewindTarget } from '../../session/events/bodies/positions.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import { assessRewind, removedCommits, targetText } from './rewind-session.act.ts';

/** Describes what a rewind would undo. Changes nothing. */
export async function previewRewind(
  { to, ...question }: SessionQuestion & { to: RewindTarget },
  context: ActionContext,
): Promise<Preview> {
  const { view, facts, verdict, refs } = await assessRewind({ to, ...question }, context);
  if (verdict.kind === 'refused') {
    const refusal = earlyRefusal(verdict, view);
    if (NOT_KEPT.includes(refusal.code)) throw refusal;
    return { view, would: [], refusal };
  }
  const { commit, back } = verdict;
  const then = to === 'undo' && back.done ? 'done again' : `stopped in ${back.progress.phase}`;
  const { count, stays } = await removedCommits(view, { refs, commit }, context);
  const would = [
    `Files, plan, overview and branch are restored to ${targetText(to)}; the session is then ${then}.`,
    ...(to === 'undo' ? [] : undoneActs(facts.events, to)),
    ...(count === 0
      ? []
      : [
          `Removed from branch ${view.state.worktree?.branch}: ${counted(count, 'commit')}; the tip is kept.`,
        ]),
    ...stays,
    'The current state is kept, including uncommitted files; undo restores it. Ignored files are not changed.',
  ];
  return { view, would };
}

const NOT_KEPT = ['checkpoint_elsewhere', 'checkpoint_gone', 'nothing_kept'];

const HUMAN_ACTS = {
  answers_recorded: 'later answers of the user',
  plan_approved: 'a later approval of the plan',
} as const;

/** The iterations and human decisions after the target, which a rewind discards; one sentence each. */
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

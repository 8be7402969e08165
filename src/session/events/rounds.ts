import { counted } from '../../base/text.ts';
import type { SessionState } from './state.ts';

/** The round whose work is not in the pull request yet; undefined: there is none, or it is answered. */
export function openRound({
  round,
  pullRequest,
}: Pick<SessionState, 'round' | 'pullRequest'>): SessionState['round'] {
  return round && round.number > (pullRequest?.round ?? 0) ? round : undefined;
}

/** The round to publish: an open one, or one that is pushed while some threads have no outcome yet. */
export function unpublishedRound(
  state: Pick<SessionState, 'round' | 'pullRequest' | 'lastPublish'>,
): SessionState['round'] {
  const { round, lastPublish } = state;
  if (openRound(state) !== undefined) return round;
  if (lastPublish?.what !== 'round' || lastPublish.outcome === 'published') return undefined;
  const ended = new Set(lastPublish.effects.map(({ name }) => name));
  return round?.threads.some(({ name }) => !ended.has(name)) ? round : undefined;
}

/** The documents of a round in the session folder: its feedback, and its agents' answers in each thread. */
export function roundDocuments(number: number): { about: string; answers: string } {
  return { about: `round-${number}.md`, answers: `round-${number}-answers.md` };
}

/** The number of the round that work on the pull request now belongs to: the open round, otherwise a new one. */
export function nextRound(state: Pick<SessionState, 'round' | 'pullRequest'>): number {
  const last = Math.max(state.round?.number ?? 0, state.pullRequest?.round ?? 0);
  return openRound(state) === undefined ? last + 1 : last;
}

const KINDS = { check: 'failed check', thread: 'comment', review: 'review', conflict: 'conflict' } as const;

/** What a round is about, by the keys that started it: `1 failed check and 2 comments`. Contains no text by others. */
export function describeKeys(keys: readonly string[]): string {
  const parts = Object.entries(KINDS).flatMap(([kind, what]) => {
    const count = keys.filter((key) => key.startsWith(`${kind}:`)).length;
    return count === 0 ? [] : [counted(count, what)];
  });
  const last = parts.pop() ?? '';
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}

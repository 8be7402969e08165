import type { KnownRounds, Position } from './bodies/positions.ts';
import type { SessionState } from './state.ts';

type Known = Pick<SessionState, 'pullRequest'>;

/** The round whose work is not in the pull request yet; undefined: there is none, or it is answered. */
export function openRound(state: Known): KnownRounds['newest'] {
  return state.pullRequest?.rounds?.isOpen && newestRound(state);
}

/** The round that was begun last, whose threads may still be without a reply. */
export function newestRound({ pullRequest }: Known): KnownRounds['newest'] {
  return pullRequest?.rounds?.newest;
}

/** The highest number of a round of the pull request so far; 0: it had none. */
export function lastRound({ pullRequest }: Known): number {
  return Math.max(pullRequest?.rounds?.used ?? 0, pullRequest?.round ?? 0);
}

/** The documents of a round in the session folder: its feedback, and its agents' answers in each thread. */
export function roundDocuments(number: number): { about: string; answers: string } {
  return { about: `round-${number}.md`, answers: `round-${number}-answers.md` };
}

/** The number of the round that work on the pull request now belongs to: the open round, otherwise a new one. */
export function nextRound(state: Known): number {
  return openRound(state)?.number ?? lastRound(state) + 1;
}

/** What a rewind to `back` means for the pull request, after the sentence about the rewind; empty: nothing. */
export function describeRewoundRounds(state: Known, { rounds }: Pick<Position, 'rounds'>): string {
  const { pullRequest } = state;
  if (pullRequest === undefined || rounds === undefined) return '';
  const first = (rounds.of === pullRequest.number ? rounds.used : 0) + 1;
  const last = lastRound(state);
  if (last < first) return '';
  const [which, them] =
    last === first ? [`round ${last} is`, 'it'] : [`rounds ${first} to ${last} are`, 'them'];
  return `; ${which} closed, and what started ${them} counts again; what was pushed stays in pull request #${pullRequest.number}`;
}

import { isDeepStrictEqual } from 'node:util';
import { counted } from '../../kernel/text.ts';
import type { PullRequestChange, PullRequestFact } from './bodies/positions.ts';

type Place = Pick<PullRequestFact, 'repository' | 'number'>;

export function isSamePullRequest<T extends Place>(
  known: T | undefined,
  { repository, number }: Place,
): known is T {
  return known?.number === number && known.repository === repository;
}

export function changed<F extends PullRequestFact>(fact: F, change: PullRequestChange): F {
  const fields = Object.entries(change).map(([name, value]) => [name, value ?? undefined]);
  return { ...fact, ...Object.fromEntries(fields) };
}

/** The fact about a new pull request; undefined if the change does not say enough about it. */
export function opened(
  { repository, number }: Place,
  change: PullRequestChange,
): PullRequestFact | undefined {
  const { url, state, watched = false } = change;
  if (url === undefined || state === undefined) return undefined;
  return changed({ repository, number, url, state, watched }, change);
}

/**
 * The part of `wanted` that differs from the fact; undefined if nothing does. A round can be published again, after a
 * rewind into it.
 */
export function differing(fact: PullRequestFact, wanted: PullRequestChange): PullRequestChange | undefined {
  const known: Record<string, unknown> = fact;
  const fields = Object.entries(wanted).filter(
    ([name, value]) =>
      value !== undefined && (name === 'round' || !isDeepStrictEqual(value ?? undefined, known[name])),
  );
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

/** Describes a change in one clause: `pull request #17 is merged`. */
export function describeChange({ number }: Pick<Place, 'number'>, change: PullRequestChange): string {
  const { state, asks, unseen, missing, round, watched } = change;
  const name = `pull request #${number}`;
  if (asks) return `${name} needs a person: ${asks}`;
  if (unseen) return `${name} cannot be read: ${unseen.why}`;
  if (state !== undefined) {
    const more = missing ? `; ${missingText(missing)}` : '';
    return `${name} is ${state}${more}${state === 'open' && watched ? '; the supervisor watches it' : ''}`;
  }
  return round === undefined ? `${name} was read` : `${name} has round ${round}`;
}

/** `1 commit of round 1 is not in it` */
export function missingText({ round, commits }: NonNullable<PullRequestFact['missing']>): string {
  const whose = round === undefined ? 'the branch' : `round ${round}`;
  return `${counted(commits, 'commit')} of ${whose} ${commits === 1 ? 'is' : 'are'} not in it`;
}

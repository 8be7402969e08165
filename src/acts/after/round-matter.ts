import type { Comment, ForgeCheck, PullRequestDetails, Review, ReviewThread } from '../../forge/forge.ts';
import type { SeenWords } from '../../session/events/bodies/positions.ts';

/** A comment or review that no round has covered yet. */
export interface Remark extends SeenWords {
  comment: Comment | Review;
  /** Its thread; absent for a review. */
  thread?: ReviewThread;
}

/** What a round is about. Each has a key. */
export interface Matter {
  checks: readonly ForgeCheck[];
  words: readonly Remark[];
  conflict: boolean;
  keys: readonly string[];
}

export interface KnownMatter {
  /** Of earlier rounds. */
  keys: readonly string[];
  reruns: readonly string[];
  mayRerun: boolean;
}

export type MatterVerdict =
  | { kind: 'none' }
  /** Checks still run, or the pull request is in a merge queue. */
  | { kind: 'running' }
  /** Checks that passed before: their runs are started again first. */
  | { kind: 'rerun'; runs: ReadonlyMap<number, string> }
  | { kind: 'round'; matter: Matter };

/**
 * What came back to a pull request since the last round.
 * @param words as `wordsIn` found them
 */
export function judgeMatter(
  details: PullRequestDetails,
  words: readonly Remark[],
  { keys: known, reruns, mayRerun }: KnownMatter,
): MatterVerdict {
  if (details.state !== 'open') return { kind: 'none' };
  const { head, base, mergeable, checks, passedBefore, isQueued } = details;
  if (isQueued || checks.some(({ state }) => state === 'running')) return { kind: 'running' };
  const isNew = (key: string) => !known.includes(key);
  const failed = thatCount(checks).filter((check) => check.state === 'failed' && isNew(checkKey(check)));
  const flaky = failed.flatMap((check): [number, string][] => {
    const { runId, name } = check;
    if (runId === undefined || !passedBefore.includes(name)) return [];
    const key = `${short(head)}:${runId}`;
    return reruns.includes(key) ? [] : [[runId, key]];
  });
  if (mayRerun && flaky.length > 0) return { kind: 'rerun', runs: new Map(flaky) };
  const heard = words.filter(({ held }) => held === undefined);
  const conflictKey = `conflict:${short(head)}:${short(base)}`;
  const conflict = mergeable === 'conflict' && isNew(conflictKey);
  const keys = [...failed.map(checkKey), ...heard.map(({ key }) => key), ...(conflict ? [conflictKey] : [])];
  return keys.length === 0
    ? { kind: 'none' }
    : { kind: 'round', matter: { checks: failed, words: heard, conflict, keys } };
}

/** The required checks that have not reported. */
export function missingChecks({ checks }: Pick<PullRequestDetails, 'checks'>): string[] {
  return checks.flatMap(({ state, name }) => (state === 'missing' ? [name] : []));
}

/** If the base branch requires none, all of them count. */
function thatCount(checks: readonly ForgeCheck[]): readonly ForgeCheck[] {
  const required = checks.filter(({ isRequired }) => isRequired);
  return required.length > 0 ? required : checks;
}

function checkKey({ head, name, attempt }: ForgeCheck): string {
  return `check:${short(head)}:${name}:${attempt}`;
}

function short(commit: string): string {
  return commit.slice(0, 12);
}

/**
 * The words in open threads and in reviews that want changes, which no round has answered, the oldest first. A review
 * counts until its author has given another verdict.
 * @param before as they were first seen: whoever edits words afterwards writes other ones
 * @param maySteer whether a login may tell agents what to do, at this moment
 */
export function wordsIn(
  { threads, reviews }: Pick<PullRequestDetails, 'threads' | 'reviews'>,
  { keys, before }: { keys: readonly string[]; before: readonly SeenWords[] },
  maySteer: (login: string) => boolean,
): Remark[] {
  const open = threads.filter(({ isResolved }) => !isResolved);
  const ofThreads = open.flatMap((thread) =>
    thread.comments.map((comment) => ({ key: `thread:${comment.id}`, comment, thread })),
  );
  const verdicts = new Map<string, Review>();
  for (const review of reviews) if (VERDICTS.has(review.state)) verdicts.set(review.author.login, review);
  const wanting = [...verdicts.values()].filter(({ state }) => state === 'changes_requested');
  const ofReviews = wanting.map((comment) => ({ key: `review:${comment.id}`, comment }));
  const all: Omit<Remark, keyof Omit<SeenWords, 'key'>>[] = [...ofReviews, ...ofThreads];
  return all
    .filter(({ key, comment }) => !comment.isSamocodes && !keys.includes(key))
    .slice(-MAX_WORDS)
    .map((each): Remark => {
      const { author, url, editedAt, createdAt } = each.comment;
      const seen = before.find(({ key }) => key === each.key);
      const at = editedAt ?? createdAt;
      const isEdited = seen !== undefined && (seen.at !== at || seen.held === 'edited');
      const held = isEdited ? 'edited' : maySteer(author.login) ? undefined : 'stranger';
      return { ...each, by: author.login, url, at: seen?.at ?? at, ...(held && { held }) };
    });
}

const VERDICTS: ReadonlySet<Review['state']> = new Set(['approved', 'changes_requested', 'dismissed']);
/** More than anybody reads; the newest count. */
const MAX_WORDS = 200;

/** What is kept of words, so that a later edit is seen. */
export function seenOf(words: readonly Remark[]): SeenWords[] {
  return words.map(({ key, by, url, at, held }) => ({ key, by, url, at, ...(held && { held }) }));
}
